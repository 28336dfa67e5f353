/** Return how many bytes have come from addresses that have one of these words in them. */
export function bytesOf(...words: readonly string[]): number {
  const came = performance.getEntriesByType("resource").filter(({ name }) => words.some((word) => name.includes(word))) as PerformanceResourceTiming[];
  return came.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
}
