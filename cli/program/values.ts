/** @module Values: texts of the command line as what they mean, and numbers as texts. */
import { nearest } from '../../core/schema/index.js';
import { UsageError } from './terminal.js';

/** Reads a whole number within bounds. */
export const whole =
  (name: string, min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new UsageError(`${name} is ${JSON.stringify(text)}; it must be a whole number from ${min} to ${max}`);
  };

/** Reads a number within bounds. */
export const decimal =
  (name: string, min: number, max: number) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= min && value <= max) return value;
    throw new UsageError(`${name} is ${JSON.stringify(text)}; it must be a number from ${min} to ${max}`);
  };

/** Reads one of these texts. */
export const oneOf =
  (name: string, values: readonly string[]) =>
  (text: string): string => {
    if (values.includes(text)) return text;
    throw new UsageError(`${name} is ${JSON.stringify(text)}; ${nearest(text, values)}`);
  };

/** Adds a text to those of before: for options that are repeated. */
export function listed(text: string, before: unknown): readonly string[] {
  return [...((before as readonly string[] | undefined) ?? []), text];
}

/** Reads JSON. */
export const json =
  (name: string) =>
  (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      const shown = JSON.stringify(text.slice(0, 80));
      throw new UsageError(`${name} is no JSON: ${shown}; a text has quotes of its own, as in '"bob"'`);
    }
  };

export function msText(ms: number): string {
  if (ms >= 100) return `${Math.round(ms)} ms`;
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;
}

export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1_024;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}
