import { sentence } from './problem'
import { insecure, lost, webcamProblem, type WebcamProblem } from './webcam'

const gap = 100 // ms between pictures, at least
const widest = 1280

export interface SocketAnswer {
  problem?: { detail?: string; next?: string } // with the last picture
}

// A WebcamSocket sends the pictures of this browser's webcam to the gateway: one at
// a time, the next when the last was answered.
export class WebcamSocket<Answer extends SocketAnswer> {
  phase = $state<'off' | 'starting' | 'on'>('off')
  problem = $state.raw<WebcamProblem | null>(null)

  private video: HTMLVideoElement | null = null
  private stream: MediaStream | null = null
  private socket: WebSocket | null = null
  private timer = 0

  // over tells whether an answer was the last: then the gateway may close.
  constructor(
    private heard: (answer: Answer) => void,
    private over: (answer: Answer) => boolean = () => false,
  ) {}

  // shown is for the video element that shows the webcam while it is on.
  shown = (video: HTMLVideoElement) => {
    this.video = video
    video.srcObject = this.stream
    return {
      destroy: () => {
        if (this.video === video) this.video = null
      },
    }
  }

  async start(url: string) {
    this.problem = null
    if (!navigator.mediaDevices?.getUserMedia) {
      this.problem = insecure
      return
    }
    this.phase = 'starting'
    try {
      const fresh = await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: { ideal: widest }, height: { ideal: 720 } } })
      if (this.phase !== 'starting') {
        for (const t of fresh.getTracks()) t.stop()
        return
      }
      this.stream = fresh
      fresh.getVideoTracks()[0]?.addEventListener('ended', () => this.fail(lost))
      this.phase = 'on'
      this.connect(url)
    } catch (cause) {
      this.fail(webcamProblem(cause))
    }
  }

  private connect(url: string) {
    const mine = (this.socket = new WebSocket(url))
    mine.onopen = () => void this.send()
    mine.onmessage = (event) => {
      const answer = JSON.parse(String(event.data)) as Answer
      const over = this.over(answer)
      if (over) this.stop()
      this.problem = answer.problem ? { detail: sentence(answer.problem.detail ?? ''), next: sentence(answer.problem.next ?? '') } : null
      this.heard(answer)
      if (!over) this.timer = window.setTimeout(() => void this.send(), gap)
    }
    mine.onclose = (event) => {
      if (this.socket === mine && this.phase === 'on')
        this.fail({ detail: 'The gateway takes no more pictures.', next: sentence(event.reason) || 'Check that it is running, then start again.' })
    }
  }

  private async send() {
    const video = this.video
    const ready = video && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth > 0
    if (!ready || this.socket?.readyState !== WebSocket.OPEN) {
      if (this.phase === 'on') this.timer = window.setTimeout(() => void this.send(), gap)
      return
    }
    const scale = Math.min(1, widest / Math.max(video.videoWidth, video.videoHeight))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(video.videoWidth * scale)
    canvas.height = Math.round(video.videoHeight * scale)
    canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height)
    const picture = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.85))
    if (picture && this.socket?.readyState === WebSocket.OPEN) this.socket.send(picture)
  }

  private fail(p: WebcamProblem) {
    this.stop()
    this.problem = p
  }

  stop() {
    this.phase = 'off'
    clearTimeout(this.timer)
    const old = this.socket
    this.socket = null
    old?.close()
    for (const t of this.stream?.getTracks() ?? []) t.stop()
    this.stream = null
  }
}
