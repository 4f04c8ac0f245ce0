/**
 * @module OpenRequest: the check of what a stream is opened with.
 */
import type { Route, StreamRequest } from '../../core/index.js';
import { fallback, optional, options, optionsReader, text, unchecked, whole } from '../../core/schema/index.js';
import { TEXT_LENGTH_MAX } from './messages.js';
import { DEADLINE_MS_MAX, type StreamsSettings, WINDOW_MIN_BYTES } from './options.js';

const SERVICE_ID_MAX = 255;

export interface OpenRequest {
  readonly route: Route;
  readonly serviceId: number;
  readonly name: string;
  readonly windowBytes: number | undefined;
  readonly timeoutMs: number;
  readonly firstByteMs: number | undefined;
  readonly silenceMs: number;
}

/** A reader with the defaults of the behaviour. It throws `OPTION_INVALID`, naming the options. */
export function openRequestReader({ timeoutMs, silenceMs }: StreamsSettings): (request: StreamRequest) => OpenRequest {
  const deadline = whole(1, DEADLINE_MS_MAX);
  const schema = options({
    route: unchecked<Route>(),
    serviceId: whole(1, SERVICE_ID_MAX),
    name: fallback(text(TEXT_LENGTH_MAX), ''),
    windowBytes: optional(whole(WINDOW_MIN_BYTES)),
    timeoutMs: fallback(deadline, timeoutMs),
    firstByteMs: optional(deadline),
    silenceMs: fallback(deadline, silenceMs),
  });
  return optionsReader('openStream', schema);
}
