import { addSamples, ApiError, createPerson, fromFailure, personByName } from '../api'
import { startOfDay, tagsOf, today } from '../fields'
import { Tray } from '../parts/tray.svelte'
import type { Enrolment, NewPerson, PersonRef } from '../types'

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
    return this.#send((photos) => (this.person ? addSamples(this.person.id, photos) : createPerson(this.#fields(), photos)))
  }

  // addToExisting gives the photos to the person who has the name already.
  addToExisting() {
    return this.#send(async (photos) => {
      if (this.person) return addSamples(this.person.id, photos)
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

  #fields(): NewPerson {
    return {
      name: this.name.trim(),
      external_id: this.externalID.trim(),
      tags: tagsOf(this.tags),
      notes: this.notes.trim(),
      consent: this.agreed ? { basis: this.basis.trim(), at: startOfDay(this.date) } : null,
    }
  }

  async #send(act: (photos: File[]) => Promise<Enrolment>) {
    if (this.busy) return
    this.busy = true
    this.problem = null
    try {
      await this.tray.send(async (photos) => {
        const answer = await act(photos)
        this.person = { id: answer.id, name: answer.name }
        return answer
      })
    } catch (cause) {
      this.problem = fromFailure(cause)
    }
    this.busy = false
  }
}

export const draft = new EnrolmentDraft()
