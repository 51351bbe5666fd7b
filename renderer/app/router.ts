import { createRouter, createWebHistory } from 'vue-router'
import { routes } from './routes.ts'

/** History without a hash: the listener and the desktop's scheme both answer the paths of the routes with the page. */
export const router = createRouter({
  history: createWebHistory('/'),
  routes,
})

router.afterEach((to) => {
  document.title = `${to.meta.title} · Alta Desk`
})
