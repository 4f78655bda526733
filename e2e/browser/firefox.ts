import { fileURLToPath } from 'node:url'
import type { LaunchOptions } from 'playwright-core'

/** The Firefox of the distribution, over WebDriver BiDi: Playwright's own builds of it come from a host that we do not ask. */
export const firefoxLaunch: LaunchOptions = {
  channel: 'moz-firefox',
  executablePath: fileURLToPath(new URL('../firefox/firefox.sh', import.meta.url)),
  firefoxUserPrefs: {
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    // A page without these permissions tells its default address alone, which reaches no loopback address.
    'permissions.default.camera': 1,
    'permissions.default.microphone': 1,
    // A page in a window that is not in use would wait for its camera.
    'media.devices.unfocused.enabled': true,
    'media.getusermedia.window.focus_source.enabled': false,
    'media.autoplay.default': 0,
    // The node of a test listens on the loopback interface, which Firefox leaves out otherwise.
    'media.peerconnection.ice.loopback': true,
    // A mouse, as a person has one: it is exact and hovers.
    'ui.primaryPointerCapabilities': 6,
    'ui.allPointerCapabilities': 6,
    // Nothing is fetched from Mozilla, and no push service is connected.
    'media.gmp-manager.updateEnabled': false,
    // No processes are kept ready for pages that do not come.
    'dom.ipc.processPrelaunch.enabled': false,
    'dom.push.connection.enabled': false,
  },
}
