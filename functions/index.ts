/** Every deployed function. Nothing is connected until the first event. */
import { cloudEvent, http } from '@google-cloud/functions-framework';
import type { CloudEvent } from '@google-cloud/functions-framework';
import { connect, connectStorage, passSettings } from './adapters/connect.ts';
import { readConfig } from './config.ts';
import { budgetAlert } from './entry/budget-alert.ts';
import type { Context } from './entry/context.ts';
import { jobCompleted } from './entry/job-completed.ts';
import { jobSubmitted } from './entry/job-submitted.ts';
import { progressReported } from './entry/progress-reported.ts';
import { status } from './entry/status.ts';
import { tick } from './entry/tick.ts';
import { lazyValue } from './lazy-value.ts';

const config = lazyValue(() => readConfig());
const context = lazyValue((): Context => ({
  ports: lazyValue(() => connect(config())),
  settings: passSettings(config()),
}));
const storage = lazyValue(() => connectStorage(config()));

cloudEvent('jobSubmitted', (event: CloudEvent<unknown>) => jobSubmitted(context(), event));
cloudEvent('progressReported', (event: CloudEvent<unknown>) => progressReported(context(), event));
cloudEvent('jobCompleted', (event: CloudEvent<unknown>) => jobCompleted(context(), event));
cloudEvent('tick', (event: CloudEvent<unknown>) => tick(context(), event));
cloudEvent('budgetAlert', (event: CloudEvent<unknown>) => budgetAlert(context(), event));
http('status', async (request, response) => {
  const reply = await status(await storage(), request.query, Date.now());
  response.status(reply.code).json(reply.body);
});
