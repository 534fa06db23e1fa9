/** Lines that a query of Loki gives, of the last hour. @param url address of a Loki */
export async function askLoki(url: string, query: string): Promise<string[]> {
  const response = await fetch(`${url}/loki/api/v1/query_range?${new URLSearchParams({ query, limit: '1000' })}`);
  const answer = (await response.json()) as { data: { result: { values: [string, string][] }[] } };
  return answer.data.result.flatMap(({ values }) => values.map(([, line]) => line));
}
