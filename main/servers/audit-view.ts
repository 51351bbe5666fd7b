import type { ServerRow } from './queries.ts'

/** A server as it stands in the audit log: no password, no secret. */
export function auditView(row: ServerRow): Record<string, unknown> {
  const { name, baseUrl, streamUrl, login, whepPath, viewerAddress, authorizationMode } = row
  return { name, baseUrl, streamUrl, login, whepPath, viewerAddress, authorizationMode }
}
