import type { AnswerHead, BodyTaker, Exchange } from './exchange.ts';
import { type AnswerParser, createAnswerParser } from './parse-answer.ts';

/** Gives an answer, as it comes, to whoever takes its body. */
export interface AnswerReader extends AnswerParser {
  readonly head: AnswerHead | undefined;
  /** The rest of the answer is not wanted. */
  readonly enough: boolean;
  /** Its taker, when that must be waited for. */
  readonly full: BodyTaker | undefined;
}

export function createAnswerReader(onHead: Exchange['onHead']): AnswerReader {
  let head: AnswerHead | undefined;
  let taker: BodyTaker | undefined;
  const parser = createAnswerParser({
    onHead(read) {
      head = read;
      taker = onHead(read);
    },
    onBody: (bytes) => {
      if (taker?.state !== 'enough') taker?.take(bytes);
    },
  });
  return {
    feed: parser.feed,
    end: parser.end,
    get done() {
      return parser.done;
    },
    get head() {
      return head;
    },
    get enough() {
      return head !== undefined && (taker === undefined || taker.state === 'enough');
    },
    get full() {
      return taker?.state === 'full' ? taker : undefined;
    },
  };
}
