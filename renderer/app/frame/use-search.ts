import {
  Bookmark,
  Cctv,
  CircleUser,
  LockKeyhole,
  LogOut,
  Moon,
  Server as ServerIcon,
  Settings2,
  Sun,
  UserCog,
  UsersRound,
} from '@lucide/vue'
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import type { ComputedRef, Ref } from 'vue'
import type { Camera } from '../../../shared/contract/cameras.ts'
import type { PersonView } from '../../../shared/contract/users.ts'
import { lock, switchOperator } from '../desk-lock.ts'
import { cameraListQuery, groupListQuery, serverListQuery, userListQuery, viewListQuery } from '../queries.ts'
import { rooms, settingsSections } from '../rooms.ts'
import { session } from '../session.ts'
import { useSettled } from '../settled.ts'
import { chooseTheme, theme } from '../theme.ts'
import { inOrderOfFit, isFitting } from './search-found.ts'
import type { Found } from './search-found.ts'

/** The desk is asked once nothing was typed for so long. */
const quietMs = 150
const camerasShown = 12
const othersShown = 6

interface SearchActions {
  readonly go: (path: string) => void
  readonly signOut: () => void
}

interface Search {
  readonly found: ComputedRef<readonly Found[]>
  /** False while answers to what is typed are on their way. */
  readonly isAnswered: ComputedRef<boolean>
}

/**
 * What the text leads to: cameras, views, groups, people, servers, rooms, settings and actions, each only where the
 * person may see it. What the desk answers an administrator alone is not even asked for by others.
 */
export function useSearch(open: Ref<boolean>, text: Ref<string>, { go, signOut }: SearchActions): Search {
  const words = useSettled(text, quietMs)
  const search = computed(() => words.value.trim())
  const wanted = computed(() => open.value && search.value !== '')
  const isAdmin = session.isAdmin

  const cameras = useQuery(
    computed(() => ({
      ...cameraListQuery({ search: search.value, page: 1, pageSize: camerasShown }),
      enabled: open.value,
    })),
  )
  const groups = useQuery(
    computed(() => ({
      ...groupListQuery({ search: search.value, page: 1, pageSize: othersShown }),
      enabled: wanted.value,
    })),
  )
  const people = useQuery(
    computed(() => ({
      ...userListQuery({ search: search.value, page: 1, pageSize: othersShown, sort: 'name' }),
      enabled: wanted.value && isAdmin.value,
    })),
  )
  const servers = useQuery(computed(() => ({ ...serverListQuery(), enabled: wanted.value && isAdmin.value })))
  const views = useQuery({ ...viewListQuery(), enabled: open })

  const place = (path: string, label: string, kind: string, icon: Found['icon']): Found => ({
    id: path,
    label,
    kind,
    icon,
    run: () => go(path),
  })
  const action = (id: string, label: string, icon: Found['icon'], run: () => void): Found => ({
    id,
    label,
    kind: 'Action',
    icon,
    run,
  })

  const places = computed<Found[]>(() => [
    ...rooms.map((room) => place(room.path, room.label, 'Go to', room.icon)),
    ...settingsSections
      .filter((section) => !section.adminOnly || isAdmin.value)
      .map((section) => place(section.path, section.label, 'Settings', Settings2)),
    place('/account', 'Account', 'Go to', UserCog),
    action('lock', 'Lock', LockKeyhole, lock),
    action('switch', 'Switch operator', UsersRound, switchOperator),
    theme.value === 'dark'
      ? action('theme', 'Use the light theme', Sun, () => chooseTheme('light'))
      : action('theme', 'Use the dark theme', Moon, () => chooseTheme('dark')),
    action('sign-out', 'Sign out', LogOut, signOut),
  ])

  const ofCamera = ({ id, name, serverName, status }: Camera): Found => ({
    ...place(`/live?camera=${encodeURIComponent(id)}`, name, serverName, Cctv),
    state: status,
  })
  const ofPerson = ({ id, displayName, email, username }: PersonView): Found => ({
    ...place(`/settings/users/${encodeURIComponent(id)}`, displayName, email, CircleUser),
    alias: `${email}\n${username}`,
  })

  const named = computed<Found[]>(() => [
    ...(cameras.data.value?.items ?? []).map(ofCamera),
    ...(views.data.value?.items ?? []).map(({ id, name }) =>
      place(`/live?view=${encodeURIComponent(id)}`, name, 'View', Bookmark),
    ),
    ...(groups.data.value?.items ?? []).map(({ id, name }) =>
      place(`/live?group=${encodeURIComponent(id)}`, name, 'Wall of a group', UsersRound),
    ),
    ...(isAdmin.value ? (people.data.value?.items ?? []).map(ofPerson) : []),
    ...(isAdmin.value ? (servers.data.value?.items ?? []) : []).map(({ id, name }) =>
      place(`/settings/servers/${encodeURIComponent(id)}`, name, 'Server', ServerIcon),
    ),
  ])

  const isAnswered = computed(
    () =>
      words.value === text.value &&
      ![cameras, groups, people, servers, views].some(
        ({ isPlaceholderData, isLoading }) => isPlaceholderData.value || isLoading.value,
      ),
  )
  const found = computed(() => {
    const typed = text.value
    if (typed.trim() === '') {
      const first = cameras.isPlaceholderData.value ? [] : named.value.filter(({ icon }) => icon === Cctv)
      return [...places.value, ...first]
    }
    // Until the desk has answered, nothing stays on offer (and under Enter) that does not fit what is typed.
    const all = [...named.value, ...places.value].filter((item) => isFitting(item, typed))
    return inOrderOfFit(all, typed)
  })
  return { found, isAnswered }
}
