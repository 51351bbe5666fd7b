import './zod-without-eval.ts'
import '../styles/base.css'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import { failureSentence } from '../ui/failures.ts'
import { showToast } from '../ui/toasts.ts'
import App from './app.vue'
import { followDesk } from './desk-feed.ts'
import { queryClient } from './query-client.ts'
import { router } from './router.ts'
import { restoreSession } from './session.ts'
import { applyTheme } from './theme.ts'

applyTheme()
followDesk()

const app = createApp(App)
app.config.errorHandler = (error) => {
  console.error(error)
  showToast('failed', failureSentence(error))
}
app.use(router).use(VueQueryPlugin, { queryClient }).mount('#app')
void restoreSession()
