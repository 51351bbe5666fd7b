import { Ban, CircleCheck, CircleHelp, CircleX, Hourglass, LockKeyhole, TriangleAlert } from '@lucide/vue'
import type { Component } from 'vue'
import type { AuditEntry } from '../../shared/contract/audit.ts'
import type { Invite } from '../../shared/contract/invites.ts'
import type { CameraStatus, ServerState } from '../../shared/domain/statuses.ts'

type PersonState = 'active' | 'disabled' | 'locked'

export type ShownState =
  CameraStatus | ServerState | PersonState | Invite['state'] | AuditEntry['outcome'] | 'unknown'

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
  active: { word: 'Active', icon: CircleCheck, text: 'text-online' },
  disabled: { word: 'Disabled', icon: Ban, text: 'text-unknown' },
  locked: { word: 'Locked', icon: LockKeyhole, text: 'text-degraded' },
  open: { word: 'Open', icon: CircleCheck, text: 'text-online' },
  used: { word: 'Used up', icon: Ban, text: 'text-unknown' },
  expired: { word: 'Expired', icon: Ban, text: 'text-unknown' },
  done: { word: 'Done', icon: CircleCheck, text: 'text-online' },
  refused: { word: 'Refused', icon: Ban, text: 'text-degraded' },
  failed: { word: 'Failed', icon: CircleX, text: 'text-offline' },
  unknown: { word: 'Unknown', icon: CircleHelp, text: 'text-unknown' },
}
