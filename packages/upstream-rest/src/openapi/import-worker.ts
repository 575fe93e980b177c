/** @module The thread that reads and maps one document: what takes too long or too much there is ended with it. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadDocuments } from './load.ts';
import { type ImportChoice, type ImportResult, mapDocument } from './map-document.ts';
import { DocumentError } from './values.ts';

/** What the thread is given. */
export interface ImportTask {
  readonly text: string;
  /** Where it came from, if it came from somewhere. */
  readonly documentUrl: string | undefined;
  readonly choice: ImportChoice;
}

/** What the thread says: it wants a document that the first one refers to, or it is done. */
export type ImportMessage =
  | { readonly load: string }
  | { readonly result: ImportResult }
  | { readonly problem: string };

/** What it is told of a document that it wants. */
export type LoadMessage = { readonly text: string } | { readonly problem: string };

/** References of a document that came from nowhere lead nowhere. */
const NOWHERE = 'document:///description';

/** One at a time, so that the next message is the answer. */
function load(url: string): Promise<string> {
  const answer = new Promise<string>((resolve, reject) => {
    parentPort?.once('message', (message: LoadMessage) => {
      if ('text' in message) resolve(message.text);
      else reject(new Error(message.problem));
    });
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage({ load: url } satisfies ImportMessage);
  return answer;
}

async function run({ text, documentUrl, choice }: ImportTask): Promise<ImportMessage> {
  try {
    const root = documentUrl === undefined ? NOWHERE : documentUrl.replace(/#.*$/s, '');
    return { result: mapDocument(root, await loadDocuments(text, root, load), documentUrl, choice) };
  } catch (error) {
    if (error instanceof DocumentError) return { problem: error.message };
    if (error instanceof RangeError) return { problem: 'The document is nested too deeply' };
    throw error;
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(await run(workerData as ImportTask));
