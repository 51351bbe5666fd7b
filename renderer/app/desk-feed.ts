import type { InfiniteData } from '@tanstack/vue-query'
import { computed, nextTick, shallowRef, watch } from 'vue'
import type { Camera } from '../../shared/contract/cameras.ts'
import type { StreamMessage, TopicName } from '../../shared/contract/events.ts'
import { desk } from './client.ts'
import type { Outputs } from './client.ts'
import { DeskEvents } from './desk-events.ts'
import { openEventStream } from './browser-stream.ts'
import { closeCameras, closedCameraIds, closeForbidden, reopenCameras } from './closed-cameras.ts'
import { keys } from './queries.ts'
import { queryClient } from './query-client.ts'
import { readAgain } from './read-again.ts'
import { session } from './session.ts'
import { isOutdated } from './stream-origins.ts'
import { setDeskClock } from './ticking-clock.ts'
import { setDeskZone } from './times.ts'

/** Lists are read again at most this often, however many cameras change at once. */
const rereadEveryMs = 1_000
/** A group shows the names of its cameras, which change far less often than their status: it can wait. */
const rereadGroupsMs = 10_000
/** How soon the desk is asked again which cameras may be seen, where it did not answer. */
const askAgainMs = 2_000
/** How often a page without updates asks which cameras may be seen. */
const checkWhilePausedMs = 5_000

/** What is read again when a topic says that something changed, or when its messages were lost: the first words of keys. */
const areasOf: Readonly<Record<TopicName, readonly Area[]>> = {
  'server.changed': ['servers'],
  'camera.changed': ['cameras'],
  'walls.changed': ['live'],
  'stream-origins.changed': [],
  'account.changed': ['account'],
  // A group shows its people, and a person their groups.
  'user.changed': ['users', 'groups'],
  'group.changed': ['groups', 'users'],
  'invites.changed': ['invites'],
  'settings.changed': ['settings'],
}
type Area = 'servers' | 'cameras' | 'live' | 'account' | 'users' | 'groups' | 'invites' | 'settings'

type CameraList = Outputs['cameras']['list']
type Listener = (message: StreamMessage) => void

const listeners = new Set<Listener>()
const isCutOff = shallowRef(false)
/** When messages of the desk were last missed, by this machine's clock. */
const missedUntil = shallowRef(0)
const outdated = shallowRef(false)
const isPaused = shallowRef(false)
/** Follows the desk anew for who is signed in; nothing while nobody is. */
let follow = (): void => undefined
/** The desk was heard since somebody signed in. */
let greeted = false

/** True while the desk was not heard for 6 s, or updates are paused. */
export const cutOff = computed(() => isCutOff.value)
/** Whether what the desk answered then still holds: nothing was missed since. Milliseconds since the epoch, this machine's clock. */
export function isCurrent(answeredAt: number): boolean {
  return !isCutOff.value && answeredAt >= missedUntil.value
}

/** True while Alta streams from addresses that this page was not allowed when it was loaded. */
export const pageOutdated = computed(() => outdated.value)

/** True while this page has no updates, because the account is open in more browsers than the desk serves. */
export const updatesPaused = computed(() => isPaused.value)

/** Asks the desk for updates again, when somebody wants them here or in another tab: the browser that has had them longest loses its own. */
export function resumeUpdates(): void {
  if (isPaused.value) follow()
}

/** Calls `listener` with every message of the desk until the returned function is called. */
export function onDeskMessage(listener: Listener): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Follows the desk while somebody is signed in, and keeps the query caches true. */
export function followDesk(): void {
  let following: AbortController | null = null
  watch(
    // The desk streams nothing to a person who must set up an authenticator app first.
    () =>
      session.mustSetUpTotp.value || session.mustChoosePassword.value
        ? null
        : (session.user.value?.id ?? null),
    (userId) => {
      following?.abort()
      following = null
      follow = () => undefined
      clearInterval(pausedCheck)
      isPaused.value = false
      isCutOff.value = false
      greeted = false
      if (userId === null) return
      const { signal } = (following = new AbortController())
      const events = new DeskEvents(openEventStream(resumeUpdates), {
        message: receive,
        cutOff: (value) => (isCutOff.value = value),
        replaced: pause,
      })
      follow = () => {
        clearInterval(pausedCheck)
        isPaused.value = false
        void events.follow(signal)
      }
      follow()
    },
    { immediate: true },
  )
}

let pausedCheck: ReturnType<typeof setInterval> | undefined

/** Rights that are taken away still close pictures: the page asks, for it is not told. */
function pause(): void {
  isPaused.value = true
  clearInterval(pausedCheck)
  pausedCheck = setInterval(() => void closeForbidden(visibleOf, 'keep'), checkWhilePausedMs)
}

async function visibleOf(cameraIds: string[]): Promise<readonly string[]> {
  return (await desk.cameras.visible({ cameraIds })).ids
}

function receive(message: StreamMessage): void {
  setDeskClock(message.at)
  if (message.type === 'hello') setDeskZone(message.timeZone)
  if (message.type === 'hello' && message.resync) messagesLost(message.topics)
  greeted = true
  if (message.type === 'camera.changed') cameraChanged(message)
  else if (message.type === 'walls.changed') wallsChanged(message.groupId)
  else if (isTopic(message.type)) for (const area of areasOf[message.type]) rereadSoon(area)
  if (message.type === 'rights.changed') rightsChanged(message)
  if ('streamOrigins' in message) outdated.value = isOutdated(message.streamOrigins)
  for (const listener of listeners) listener(message)
}

/** Reads again what was not heard of; without `topics` that is everything. */
function messagesLost(topics: readonly TopicName[] | undefined): void {
  if (topics && !topics.includes('camera.changed')) {
    for (const topic of topics) for (const area of areasOf[topic]) rereadSoon(area)
    return
  }
  // What a page was answered while it loaded is no older than it looks.
  if (greeted) missedUntil.value = Date.now()
  void recheckCameras('keep')
}

function isTopic(type: StreamMessage['type']): type is TopicName {
  return type in areasOf
}

/** One's own wall changes on this page alone: only that of a group is read again. */
function wallsChanged(groupId: string | null): void {
  readAgain(queryClient, keys.views)
  const userId = session.user.value?.id
  if (userId !== undefined && groupId !== null) readAgain(queryClient, keys.wall(userId, groupId))
}

function cameraChanged(message: Extract<StreamMessage, { type: 'camera.changed' }>): void {
  const { type: _type, at: _at, change, cameraId, serverId: _serverId, ...standing } = message
  if (change === 'removed') closeCameras([cameraId])
  const patch = (camera: Camera): Camera => (camera.id === cameraId ? { ...camera, ...standing } : camera)
  queryClient.setQueryData<Camera>(keys.camera(cameraId), (old) => old && patch(old))
  queryClient.setQueriesData<CameraList>(
    { queryKey: keys.cameraLists },
    (old) => old && patchList(old, patch),
  )
  queryClient.setQueriesData<InfiniteData<CameraList>>(
    { queryKey: keys.cameraScrolls },
    (old) => old && { ...old, pages: old.pages.map((page) => patchList(page, patch)) },
  )
  rereadSoon('cameras')
  rereadSoon('groups', change === 'changed' ? rereadGroupsMs : rereadEveryMs)
}

/**
 * Pictures of lost cameras close first, then they leave the lists. The desk is asked for the rest once the page has
 * dropped what it lost (the wall of a group, too): of that it must not ask any more.
 */
function rightsChanged({ lost, gained, resync }: Extract<StreamMessage, { type: 'rights.changed' }>): void {
  closeCameras(lost)
  reopenCameras(gained)
  const gone = new Set(lost)
  dropCameras(lost)
  const without = (list: CameraList): CameraList => {
    const items = list.items.filter((camera) => !gone.has(camera.id))
    return { ...list, items, total: list.total - (list.items.length - items.length) }
  }
  queryClient.setQueriesData<CameraList>({ queryKey: keys.cameraLists }, (old) => old && without(old))
  queryClient.setQueriesData<InfiniteData<CameraList>>(
    { queryKey: keys.cameraScrolls },
    (old) => old && { ...old, pages: old.pages.map(without) },
  )
  if (resync) void recheckCameras('close')
  else void nextTick(rereadAll)
}

/** What the page knows of these cameras is dropped without being read again, which `resetQueries` would do. */
function dropCameras(cameraIds: readonly string[]): void {
  for (const id of cameraIds)
    queryClient
      .getQueryCache()
      .find({ queryKey: keys.camera(id) })
      ?.reset()
}

let askingAgain: ReturnType<typeof setTimeout> | undefined

/** Asks which cameras on screen may be seen, until the desk has answered; then everything is read again. */
async function recheckCameras(unanswered: 'close' | 'keep'): Promise<void> {
  const asker = session.user.value?.id
  const isAnswered = await closeForbidden(visibleOf, unanswered)
  if (session.user.value?.id !== asker) return
  // A right that was taken while nothing was heard takes more than the picture.
  dropCameras(closedCameraIds())
  clearTimeout(askingAgain)
  if (!isAnswered) askingAgain = setTimeout(() => void recheckCameras(unanswered), askAgainMs)
  await nextTick()
  rereadAll()
}

function rereadAll(): void {
  readAgain(queryClient)
}

function patchList(list: CameraList, patch: (camera: Camera) => Camera): CameraList {
  return { ...list, items: list.items.map(patch) }
}

/** Areas that are about to be read again, and when. */
const waiting = new Map<Area, { readonly timer: ReturnType<typeof setTimeout>; readonly dueAt: number }>()

function rereadSoon(area: Area, withinMs = rereadEveryMs): void {
  const dueAt = performance.now() + withinMs
  const earlier = waiting.get(area)
  if (earlier && earlier.dueAt <= dueAt) return
  clearTimeout(earlier?.timer)
  const timer = setTimeout(() => {
    waiting.delete(area)
    readAgain(queryClient, [area])
  }, withinMs)
  waiting.set(area, { timer, dueAt })
}
