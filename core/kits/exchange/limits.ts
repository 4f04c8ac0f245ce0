/**
 * @module Limits of the exchange kit: what is kept to be sent again over relays.
 */
export const EXCHANGE_LIMITS = {
  /** Answers, in number and bytes. At either bound the oldest gives way. */
  keptAnswersMax: 1_024,
  keptAnswerBytesMax: 4_194_304,
  /** Requests, in bytes; beyond that they are sent once. */
  keptRequestBytesMax: 16_777_216,
} as const;
