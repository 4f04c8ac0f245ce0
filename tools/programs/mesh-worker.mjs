/** @module MeshWorker: the slim page in a Web Worker, or in a worker thread of Node. */
import { greet } from './slim-page.mjs';

/** The same in both kinds. */
const begin = async (address, post) => {
  const { id, text, by } = await greet(address);
  post({ id, text, by });
};

if (globalThis.self === undefined) {
  const { parentPort, workerData } = await import('node:worker_threads');
  await begin(workerData, (message) => parentPort.postMessage(message));
} else {
  globalThis.onmessage = ({ data }) =>
    begin(data, (message) => globalThis.postMessage(message)).catch((error) => globalThis.postMessage({ error: String(error) }));
}
