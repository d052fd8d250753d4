import { addSamples, ApiError, createPerson, fromFailure, personByName } from '../api'
import { startOfDay, tagsOf, today } from '../fields'
import { Tray, type TrayPhoto } from '../parts/tray.svelte'
import type { Enrolment, PersonRef } from '../types'

// An EnrolmentDraft is the person being enrolled: the form, the photos, and once
// the gateway knows them, who they are. It outlives the page, so that a look at
// another page loses nothing.
export class EnrolmentDraft {
  readonly tray = new Tray()
  name = $state('')
  externalID = $state('')
  tags = $state('')
  notes = $state('')
  agreed = $state(false)
  basis = $state('agreed in person')
  date = $state(today())

  busy = $state(false)
  problem = $state.raw<ApiError | null>(null)
  person = $state.raw<PersonRef | null>(null) // once enrolled
  existing = $state(false) // the photos went to somebody who was there before

  // submit enrols the person; once they are enrolled it adds the photos that are left.
  submit() {
    const to = this.person
    return this.#send((photos) =>
      to
        ? addSamples(to.id, photos)
        : createPerson(
            {
              name: this.name.trim(),
              external_id: this.externalID.trim(),
              tags: tagsOf(this.tags),
              notes: this.notes.trim(),
              consent: this.agreed ? { basis: this.basis.trim(), at: startOfDay(this.date) } : null,
            },
            photos,
          ),
    )
  }

  // addToExisting gives the photos to the person who has the name already.
  addToExisting() {
    return this.#send(async (photos) => {
      const found = await personByName(this.name)
      if (!found) {
        throw new ApiError(404, 'person_not_found', `${this.name.trim()} is no longer enrolled.`, 'Enrol the person now.')
      }
      const answer = await addSamples(found.id, photos)
      this.existing = true
      return answer
    })
  }

  restart() {
    this.tray.clear()
    this.name = this.externalID = this.tags = this.notes = ''
    this.agreed = false
    this.date = today()
    this.problem = this.person = null
    this.existing = false
  }

  async #send(act: (photos: File[]) => Promise<Enrolment>) {
    if (this.busy) return
    const sent: TrayPhoto[] = this.tray.pending
    this.busy = true
    this.problem = null
    try {
      const answer = await act(sent.map((p) => p.file))
      this.tray.judged(answer, sent)
      this.person = { id: answer.id, name: answer.name }
    } catch (cause) {
      this.problem = fromFailure(cause)
      this.tray.refused(this.problem.refused)
    }
    this.busy = false
  }
}

export const draft = new EnrolmentDraft()
