import { ORPCError } from '@orpc/client'
import { keepPreviousData, queryOptions } from '@tanstack/vue-query'
import { commonErrors } from '../../shared/contract/errors.ts'
import { desk } from './client.ts'
import type { Inputs } from './client.ts'
import { isClosed } from './closed-cameras.ts'

/** Keys of the query cache; what the desk announces is found again by them. The first word is the area. */
export const keys = {
  cameraLists: ['cameras', 'list'],
  /** Lists that are read on as they are scrolled. */
  cameraScrolls: ['cameras', 'scroll'],
  camera: (id: string) => ['cameras', 'one', id],
  servers: ['servers', 'list'],
  server: (id: string) => ['servers', 'one', id],
  receivers: (serverId: string) => ['receivers', serverId],
  storages: (serverId: string) => ['storages', serverId],
  /** Of a person; with a group, the group's wall as that person sees it. */
  wall: (userId: string, groupId: string | null) => ['live', 'wall', userId, groupId],
  views: ['live', 'views'],
  registration: ['auth', 'registration'],
  waysIn: ['auth', 'options'],
  account: ['account', 'me'],
  notices: (userId: string) => ['account', 'notices', userId],
  ownSignIns: ['account', 'sign-ins'],
  userLists: ['users', 'list'],
  /** Lists that are read on as they are scrolled. */
  userScrolls: ['users', 'scroll'],
  user: (id: string) => ['users', 'one', id],
  userSignIns: (id: string) => ['users', 'sign-ins', id],
  invites: ['invites', 'list'],
  groupLists: ['groups', 'list'],
  group: (id: string) => ['groups', 'one', id],
  auditRows: ['audit', 'rows'],
  auditActions: ['audit', 'actions'],
  auditState: ['audit', 'state'],
  signInRules: ['settings', 'sign-in'],
  listener: ['settings', 'listener'],
  pageOrigins: ['settings', 'page-origins'],
  about: ['settings', 'about'],
} as const

/** One page of the cameras that are mine to see; while the next page is on its way, the last one stays. */
export function cameraListQuery(input: Inputs['cameras']['list']) {
  return queryOptions({
    queryKey: [...keys.cameraLists, input],
    queryFn: ({ signal }) => desk.cameras.list(input, { signal }),
    placeholderData: keepPreviousData,
  })
}

/** One camera. */
export function cameraQuery(id: string) {
  return queryOptions({
    queryKey: keys.camera(id),
    queryFn: ({ signal }) => {
      // The desk has said that it may not be seen: asking again would be refused, and recorded against its reader.
      if (isClosed(id)) throw new ORPCError('NOT_FOUND', commonErrors.NOT_FOUND)
      return desk.cameras.get({ id }, { signal })
    },
  })
}

/** All servers; a desk has a handful, so one page of the largest size holds them. */
export function serverListQuery() {
  return queryOptions({
    queryKey: keys.servers,
    queryFn: ({ signal }) => desk.servers.list({ page: 1, pageSize: 100 }, { signal }),
  })
}

/** One server. */
export function serverQuery(id: string) {
  return queryOptions({
    queryKey: keys.server(id),
    queryFn: ({ signal }) => desk.servers.get({ id }, { signal }),
  })
}

/** Receivers of a server, asked of Alta each time the import dialog opens. */
export function receiversQuery(serverId: string) {
  return queryOptions({
    queryKey: keys.receivers(serverId),
    queryFn: ({ signal }) => desk.servers.receivers({ id: serverId }, { signal }),
    staleTime: 0,
  })
}

/** Storages of a server. */
export function storagesQuery(serverId: string) {
  return queryOptions({
    queryKey: keys.storages(serverId),
    queryFn: ({ signal }) => desk.servers.storages({ id: serverId }, { signal }),
  })
}

/** One page of the people of this desk. */
export function userListQuery(input: Inputs['users']['list']) {
  return queryOptions({
    queryKey: [...keys.userLists, input],
    queryFn: ({ signal }) => desk.users.list(input, { signal }),
    placeholderData: keepPreviousData,
  })
}

/** One person, with their groups. */
export function userQuery(id: string) {
  return queryOptions({
    queryKey: keys.user(id),
    queryFn: ({ signal }) => desk.users.get({ id }, { signal }),
  })
}

/** One page of my groups; for an administrator, of all. */
export function groupListQuery(input: Inputs['groups']['list']) {
  return queryOptions({
    queryKey: [...keys.groupLists, input],
    queryFn: ({ signal }) => desk.groups.list(input, { signal }),
    placeholderData: keepPreviousData,
  })
}

/** The saved views of the person and of their groups. */
export function viewListQuery() {
  return queryOptions({
    queryKey: keys.views,
    queryFn: ({ signal }) => desk.views.list(undefined, { signal }),
  })
}

/** One group with its cameras and, for an administrator, its people. */
export function groupQuery(id: string) {
  return queryOptions({
    queryKey: keys.group(id),
    queryFn: ({ signal }) => desk.groups.get({ id }, { signal }),
  })
}
