/** An attachment that shows a stream in a video element: HTML has no attribute for it. */
export function playStream(stream: MediaStream) {
  return (video: HTMLVideoElement) => {
    video.srcObject = stream
    // It is rejected when the next stream interrupts it or the browser holds it back; a muted video then starts by itself later.
    video.play().catch(() => undefined)
    return () => {
      video.srcObject = null
    }
  }
}
