import type { AltaConfig, AltaStatus } from '../alta/alta-types.ts'

/**
 * In what a status shows that Alta's configuration is not the one that was read any more: a disabled receiver delivers, an enabled
 * one is not reported, somebody plays a disabled channel. Sorted.
 */
export function contradictions({ receivers, ott }: AltaConfig, status: AltaStatus): string[] {
  const found = Object.entries(receivers ?? {}).flatMap(([id, { enable }]) => {
    const stats = Object.hasOwn(status.receivers, id) ? status.receivers[id] : undefined
    if (enable !== false) return stats ? [] : [`receiver ${id} is not reported`]
    return stats?.active && (stats.bitrateKbps ?? 0) > 0 ? [`receiver ${id} delivers`] : []
  })
  const played = Object.entries(ott.channels).flatMap(([id, { enable }]) => {
    const channel = Object.hasOwn(status.channels, id) ? status.channels[id] : undefined
    return enable === false && (channel?.sessions ?? 0) > 0 ? [`channel ${id} is played`] : []
  })
  return [...found, ...played].sort()
}
