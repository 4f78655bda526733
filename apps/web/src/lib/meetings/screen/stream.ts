/** Shows a stream in a video element: an attribute cannot. */
export function playing(stream: MediaStream) {
  return (video: HTMLVideoElement) => {
    video.srcObject = stream
    // Interrupted by the next stream, or held back by the browser: a muted picture begins by itself later.
    video.play().catch(() => undefined)
    return () => {
      video.srcObject = null
    }
  }
}
