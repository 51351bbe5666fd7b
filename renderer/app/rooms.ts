import { Cctv, LayoutGrid, Settings, UsersRound } from '@lucide/vue'
import type { Component } from 'vue'

/** A room of the interface, as the rail and the search show it. */
export interface Room {
  readonly path: string
  readonly label: string
  readonly icon: Component
  readonly adminOnly: boolean
}

/** The rooms that exist, in the order of the rail. */
export const rooms: readonly Room[] = [
  { path: '/live', label: 'Live', icon: LayoutGrid, adminOnly: false },
  { path: '/cameras', label: 'Cameras', icon: Cctv, adminOnly: false },
  { path: '/groups', label: 'Groups', icon: UsersRound, adminOnly: false },
  { path: '/settings', label: 'Settings', icon: Settings, adminOnly: false },
]

/** A page of the settings. */
export interface SettingsSection {
  readonly path: string
  readonly label: string
  readonly adminOnly: boolean
}

/** The sections of the settings, in the order of their list. */
export const settingsSections: readonly SettingsSection[] = [
  { path: '/settings/servers', label: 'Servers', adminOnly: true },
  { path: '/settings/users', label: 'Users', adminOnly: true },
  { path: '/settings/groups', label: 'Groups', adminOnly: true },
  { path: '/settings/invites', label: 'Invites', adminOnly: true },
  { path: '/settings/sign-in', label: 'Sign-in', adminOnly: true },
  { path: '/settings/audit', label: 'Audit log', adminOnly: true },
  { path: '/settings/listener', label: 'Listener', adminOnly: true },
  { path: '/settings/api', label: 'API', adminOnly: false },
  { path: '/settings/about', label: 'About', adminOnly: false },
]
