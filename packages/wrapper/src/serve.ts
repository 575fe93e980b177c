/** @module The process: serves stdin and stdout until the client, a signal or the loss of the parent ends it. */
import { endSignal } from '@forge/cli';
import { serveChannel } from '@forge/protocol';
import { processChannel } from '@forge/transport-stdio';
import { createWrapper } from './create-wrapper.ts';
import { createLog } from './log.ts';
import { createNetwork } from './network.ts';
import { createLazyLogin } from './oauth/lazy-login.ts';
import { configFolder } from './oauth/token-store.ts';
import { isWebSocket, type Settings } from './settings.ts';
import { watchForWake } from './wake.ts';

/** How long ending things may take. */
const GOODBYE_MS = 3000;
const PARENT_MS = 200;

/** Serves until the end. */
export async function serve(settings: Settings): Promise<void> {
  const parent = process.ppid;
  const log = createLog(settings.logLevel);
  const network = createNetwork({ ca: settings.ca, proxy: settings.proxy, env: process.env });
  const folder = configFolder(process.env);
  const login =
    settings.login && createLazyLogin({ server: settings.url, settings: settings.login, folder, network, log });
  // Only here WebSockets are loaded.
  const sockets = isWebSocket(settings.url) ? await import('@forge/transport-ws') : undefined;
  const wrapper = createWrapper(settings, { network, log, login, wsUpstream: sockets?.wsUpstream });
  const signalled = endSignal();
  const channel = processChannel({
    // Whoever closes stdin still gets every answer that can be had.
    drainMs: settings.connectTimeoutMs + settings.callTimeoutMs,
    onNoise: (line) => log('warning', `Skipped what the client wrote and is no message (${line.length} characters).`),
  });
  const edge = serveChannel(wrapper.endpoint, channel, { caller: { id: 'local' } });
  const closed = new Promise<string>((resolve) => {
    const onClose = channel.onClose;
    channel.onClose = (error) => {
      onClose(error);
      resolve(error.message);
    };
  });
  const endWatch = watchForWake((sleptMs) => {
    log('info', `This machine slept for ${Math.round(sleptMs / 1000)} s; connecting afresh.`);
    network.renew();
  });

  const why = await Promise.race([closed, signalled, orphaned(parent)]);
  log('debug', `Ending: ${why}.`);
  endWatch();
  wrapper.stop();
  login?.stop();
  await new Promise((resolve) => setImmediate(resolve)); // who was waiting gets its error first
  await edge.close();
  const late = setTimeout(() => process.exit(0), GOODBYE_MS);
  await wrapper.close();
  clearTimeout(late);
}

/** The parent has gone after it closed our stdin: nobody reads the answers that are still awaited. */
function orphaned(parent: number): Promise<string> {
  return new Promise((resolve) => {
    process.stdin.once('end', () => {
      const timer = setInterval(() => {
        if (process.ppid === parent) return;
        clearInterval(timer);
        resolve('Our parent has gone');
      }, PARENT_MS).unref();
    });
  });
}
