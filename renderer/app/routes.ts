import type { RouteRecordRaw } from 'vue-router'
import { session } from './session.ts'

declare module 'vue-router' {
  interface RouteMeta {
    /** Where I am, as the top bar and the window title say it. */
    title: string
  }
}

/** The page's routes. The listener answers exactly their paths: a new one belongs into shared/domain/page-paths.ts too. */
export const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/live' },
  {
    path: '/live',
    name: 'live',
    component: () => import('../features/live/live-page.vue'),
    meta: { title: 'Live' },
  },
  {
    path: '/cameras',
    name: 'cameras',
    component: () => import('../features/cameras/cameras-page.vue'),
    meta: { title: 'Cameras' },
  },
  {
    path: '/cameras/:id',
    name: 'camera',
    component: () => import('../features/cameras/camera-page.vue'),
    props: true,
    meta: { title: 'Camera' },
  },
  {
    path: '/groups',
    name: 'my-groups',
    component: () => import('../features/groups/my-groups-page.vue'),
    meta: { title: 'Groups' },
  },
  {
    path: '/account',
    name: 'account',
    component: () => import('../features/account/account-page.vue'),
    meta: { title: 'Account' },
  },
  {
    // Where invite links lead.
    path: '/register',
    alias: '/join',
    name: 'join',
    component: () => import('../features/auth/join-page.vue'),
    meta: { title: 'Make an account' },
  },
  {
    path: '/recover',
    name: 'recover',
    component: () => import('../features/auth/recover-page.vue'),
    meta: { title: 'Forgot the password' },
  },
  {
    path: '/settings',
    component: () => import('../features/settings/settings-page.vue'),
    meta: { title: 'Settings' },
    children: [
      {
        path: '',
        name: 'settings',
        redirect: () => (session.isAdmin.value ? '/settings/servers' : '/settings/about'),
      },
      {
        path: 'servers',
        name: 'servers',
        component: () => import('../features/servers/servers-page.vue'),
        meta: { title: 'Servers' },
      },
      {
        path: 'servers/:id',
        name: 'server',
        component: () => import('../features/servers/server-page.vue'),
        props: true,
        meta: { title: 'Server' },
      },
      {
        path: 'users',
        name: 'users',
        component: () => import('../features/users/users-page.vue'),
        meta: { title: 'Users' },
      },
      {
        path: 'users/:id',
        name: 'user',
        component: () => import('../features/users/user-page.vue'),
        props: true,
        meta: { title: 'User' },
      },
      {
        path: 'groups',
        name: 'groups',
        component: () => import('../features/groups/groups-page.vue'),
        meta: { title: 'Groups' },
      },
      {
        path: 'groups/:id',
        name: 'group',
        component: () => import('../features/groups/group-page.vue'),
        props: true,
        meta: { title: 'Group' },
      },
      {
        path: 'invites',
        name: 'invites',
        component: () => import('../features/invites/invites-page.vue'),
        meta: { title: 'Invites' },
      },
      {
        path: 'sign-in',
        name: 'sign-in-rules',
        component: () => import('../features/settings/sign-in-rules-page.vue'),
        meta: { title: 'Sign-in' },
      },
      {
        path: 'audit',
        name: 'audit',
        component: () => import('../features/audit/audit-page.vue'),
        meta: { title: 'Audit log' },
      },
      {
        path: 'listener',
        name: 'listener',
        component: () => import('../features/settings/listener-page.vue'),
        meta: { title: 'Listener' },
      },
      {
        path: 'api',
        name: 'api',
        component: () => import('../features/settings/api-page.vue'),
        meta: { title: 'API' },
      },
      {
        path: 'about',
        name: 'about',
        component: () => import('../features/settings/about-page.vue'),
        meta: { title: 'About' },
      },
    ],
  },
  {
    path: '/:unknown(.*)*',
    name: 'unknown',
    component: () => import('./unknown-page.vue'),
    meta: { title: 'Not found' },
  },
]
