// A reporter for node's test runner that writes only the final counts of a test file, as JSON.
// Plain JavaScript: the runner loads it itself.
export default async function* summarise(events) {
  for await (const { type, data } of events) {
    if (type === 'test:summary') yield JSON.stringify(data.counts);
  }
}
