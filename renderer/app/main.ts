import './zod-without-eval.ts'
import '../styles/base.css'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import { failureSentence } from '../ui/failures.ts'
import { showToast } from '../ui/toasts.ts'
import App from './app.vue'
import { followDesk, pageOutdated } from './desk-feed.ts'
import { watchLock } from './desk-lock.ts'
import { keepDisplayAwake } from './display-awake.ts'
import { watchOutdated } from './outdated-page.ts'
import { queryClient } from './query-client.ts'
import { router } from './router.ts'
import { inDesktopWindow } from './desktop-port.ts'
import { onHandedOver, restoreSession, session } from './session.ts'
import { unlockAfterSso } from './sso.ts'
import { applyTheme } from './theme.ts'

applyTheme()
followDesk()
keepDisplayAwake()
watchOutdated(() => pageOutdated.value)
watchLock(() => session.phase.value === 'signed-in')

// A page whose security policy is out of date is loaded anew on the next way to another place, where it disturbs nobody.
router.beforeEach((to, from) => {
  if (!pageOutdated.value || to.path === from.path) return true
  location.assign(to.fullPath)
  return false
})

const isSettingsWindow = inDesktopWindow() && location.pathname.startsWith('/settings')
onHandedOver(() => void router.replace(isSettingsWindow ? '/settings' : '/live'))

const app = createApp(App)
app.config.errorHandler = (error) => {
  console.error(error)
  showToast('failed', failureSentence(error))
}
app.use(router).use(VueQueryPlugin, { queryClient }).mount('#app')
void restoreSession().then(unlockAfterSso)
