/** @module Lines out of a stream, for the stdio transport on either end. */
import type { Readable } from 'node:stream';

const NEWLINE = 10;

/** Calls `onLine` with each line, without its line feed. What follows the last one is not a line. */
export function readLines(stream: Readable, onLine: (line: Buffer) => void): void {
  let begun: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end);
      const line = begun.length === 0 ? rest : Buffer.concat([...begun, rest]);
      begun = [];
      start = end + 1;
      onLine(line);
    }
    if (start < chunk.length) begun.push(chunk.subarray(start));
  });
}
