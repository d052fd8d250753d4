import { match, type Route } from './routes'

// Here is the page the address bar asks for.
class Here {
  route = $state.raw<Route>(match(location.hash))

  constructor() {
    addEventListener('hashchange', () => (this.route = match(location.hash)))
  }

  goto(href: string) {
    location.hash = href
  }
}

export const here = new Here()
