/** A local Pub/Sub as a process of its own, to be killed: `pubsub-process.ts STATE_DIR` prints its host as one line. */
import { createContext } from '../../local-cloud/context.ts';
import { startPubsub } from '../../local-cloud/pubsub/pubsub.ts';

const context = createContext({ stateDir: process.argv[2] ?? '', quiet: true });
const { host } = await startPubsub(context, { port: 0 });
process.stdout.write(`${host}\n`);
process.on('disconnect', () => process.exit(0));
