import { CircleCheck, CircleHelp, CircleX, Hourglass, TriangleAlert } from '@lucide/vue'
import type { Component } from 'vue'
import type { CameraStatus, ServerState } from '../../shared/domain/statuses.ts'

export type ShownState = CameraStatus | ServerState | 'unknown'

interface StateLook {
  readonly word: string
  readonly icon: Component
  /** Tailwind class of the colour on our surfaces. */
  readonly text: string
}

/** How each state looks, the same everywhere. */
export const stateLooks: Record<ShownState, StateLook> = {
  online: { word: 'Online', icon: CircleCheck, text: 'text-online' },
  healthy: { word: 'Healthy', icon: CircleCheck, text: 'text-online' },
  degraded: { word: 'Degraded', icon: TriangleAlert, text: 'text-degraded' },
  drift: { word: 'Config drift', icon: TriangleAlert, text: 'text-degraded' },
  offline: { word: 'Offline', icon: CircleX, text: 'text-offline' },
  unavailable: { word: 'Unavailable', icon: CircleX, text: 'text-offline' },
  provisioning: { word: 'Provisioning', icon: Hourglass, text: 'text-provisioning' },
  unknown: { word: 'Unknown', icon: CircleHelp, text: 'text-unknown' },
}
