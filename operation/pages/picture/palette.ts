/**
 * @module Palette: the colours of the style sheet for what is drawn, read once, and anew when the system turns to dark or to light.
 */
export type ColorName = `--${string}`;

export class Palette {
  private readonly colors = new Map<ColorName, string>();
  /** Another number after every change. */
  revision = 0;

  constructor(changed: () => void) {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.colors.clear();
      this.revision++;
      changed();
    });
  }

  color(name: ColorName): string {
    const known = this.colors.get(name);
    if (known !== undefined) return known;
    const color = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    this.colors.set(name, color);
    return color;
  }
}
