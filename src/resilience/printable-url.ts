/**
 * An address for people, logs and telemetry: without user and password, and without the query, in which signed links
 * carry their credentials.
 */
export function printableUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
