/** What has been started, to be ended in reverse order, once, and completely even if a part fails to end. */
export interface StopList {
  add(stop: () => void | Promise<void>): void;
  stop(): Promise<void>;
}

export function createStopList(): StopList {
  const stops: (() => void | Promise<void>)[] = [];
  let ending: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (let stop = stops.pop(); stop; stop = stops.pop()) {
      try {
        await stop();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `ending the local cloud: ${errors.map(String).join('; ')}`);
  };
  return {
    add: (stop) => stops.push(stop),
    stop: () => (ending ??= end()),
  };
}
