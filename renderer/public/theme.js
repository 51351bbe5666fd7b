// Runs before the first paint, so that a light page never flashes dark. A module would come too late, and the
// content security policy of the desk allows no inline script.
;(function () {
  var chosen = null
  try {
    chosen = localStorage.getItem('alta-desk.theme')
  } catch (_blocked) {
    // Storage can be refused by the browser; the dark theme stands.
    chosen = null
  }
  var light =
    chosen === 'light' || (chosen === 'system' && matchMedia('(prefers-color-scheme: light)').matches)
  document.documentElement.dataset.theme = light ? 'light' : 'dark'
})()
