import { readSession, signOut, type SessionState } from './access'

// Gate knows whether the console may be used, and by whom.
class Gate {
  state = $state.raw<SessionState | null>(null) // null: not asked yet

  get closed() {
    return this.state !== null && this.state.required && !this.state.account
  }

  async look() {
    try {
      this.state = await readSession()
    } catch {
      // Pages say themselves that the gateway cannot be reached.
      this.state = { required: false, setup: false }
    }
  }

  async leave() {
    await signOut()
    await this.look()
  }
}

export const gate = new Gate()
addEventListener('facegate:unauthorized', () => void gate.look())
