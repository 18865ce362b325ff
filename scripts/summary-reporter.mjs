// A reporter for node's test runner that writes only what a test file comes to, as JSON: the counts, and the names of
// the tests that failed. Plain JavaScript: the runner loads it itself.
export default async function* summarise(events) {
  const failures = [];
  for await (const { type, data } of events) {
    // A suite or test with parts fails with each part, which is named by itself.
    const isByPart = type === 'test:fail' && data.details.error?.failureType === 'subtestsFailed';
    if (type === 'test:fail' && data.todo === undefined && !isByPart) failures.push(data.name);
    if (type === 'test:summary') yield JSON.stringify({ counts: data.counts, failures });
  }
}
