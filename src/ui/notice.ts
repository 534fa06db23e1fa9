import type { EngineEvent } from '../engine/events.ts';
import type { Paint } from './paint.ts';
import { cleanLine, wrapWords } from './text.ts';

/** A notice as lines that stay; a warning is marked. */
export function noticeLines(
  event: Extract<EngineEvent, { type: 'notice' }>,
  paint: Paint,
  columns: number,
): readonly string[] {
  const { level, step, message } = event;
  const mark = level === 'warning' ? paint.attention('!') : paint.dim('·');
  const text = cleanLine(`${step === undefined ? '' : `${step}: `}${message}`);
  return wrapWords(text, Math.max(20, columns - 3)).map((line, index) => `${index === 0 ? mark : ' '} ${line}`);
}
