/** What the processes of a failed test have to say about it: whoever starts them registers an explanation. */

const running = new Set<() => Promise<string>>();
let ended: string[] = [];

/**
 * Until the returned function is called. What that is given still counts for the test that runs: some stop what they
 * have started before they fail.
 */
export function explainFailures(explain: () => Promise<string>): (last: string) => void {
  running.add(explain);
  return (last) => {
    if (running.delete(explain)) ended.push(last);
  };
}

export async function explanations(): Promise<string> {
  return [...ended, ...(await Promise.all([...running].map((explain) => explain())))].join('\n');
}

/** What has ended says nothing of the next test. */
export function forgetEnded(): void {
  ended = [];
}
