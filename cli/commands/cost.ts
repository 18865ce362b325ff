import type { Command } from '../command.ts';
import { duration, usd } from '../output.ts';
import { requireJobId, requireStatus } from '../session.ts';

export const cost: Command = {
  name: 'cost',
  arguments: '<job>',
  summary: 'what the job costs: so far, forecast, limit (estimates, from a dated price list)',
  examples: ['cost hello'],
  async run({ json, say, sayJson, session }, _options, job: string) {
    const { cost: told } = await requireStatus(await session(), requireJobId(job));
    if (json) return sayJson(told);
    const { forecastUsd, limitUsd } = told;
    say(`so far about ${usd(told.usd)} (${duration(told.machineSeconds)} of machines; prices of ${told.pricesAsOf})`);
    say(
      `forecast ${forecastUsd === null ? 'not possible yet' : usd(forecastUsd)}, limit ` +
        `${limitUsd === null ? 'none' : usd(limitUsd)}`,
    );
  },
};
