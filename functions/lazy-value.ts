/** Makes a value at its first use and keeps it. A failure (also of a promise) is not kept: the next use tries again. */
export function lazyValue<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    if (made === undefined) {
      const value = make();
      made = { value };
      if (value instanceof Promise)
        value.catch(() => {
          made = undefined;
        });
    }
    return made.value;
  };
}
