import type { CameraRow } from './queries.ts'

/** A camera as it stands in the audit log. */
export function auditView(row: CameraRow): Record<string, unknown> {
  const { name, serverId, receiverId, subReceiverId, channelId, storageId, storageDurationHours } = row
  return { name, serverId, receiverId, subReceiverId, channelId, storageId, storageDurationHours }
}
