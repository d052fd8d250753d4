package camera

import (
	"fmt"
	"net/url"
	"strings"

	"facegate"
)

// quiet is what went wrong without what is secret in the source.
func quiet(err error, source facegate.Source) string {
	what := strings.ReplaceAll(err.Error(), source.Reveal(), source.String())
	if u, parseErr := url.Parse(source.Reveal()); parseErr == nil {
		if password, ok := u.User.Password(); ok && password != "" {
			for _, form := range []string{password, url.QueryEscape(password), writtenPassword(source)} {
				if form != "" {
					what = strings.ReplaceAll(what, form, "***")
				}
			}
		}
		for name, values := range u.Query() {
			if strings.Contains(source.String(), name+"=***") {
				for _, v := range values {
					if v != "" {
						what = strings.ReplaceAll(what, v, "***")
					}
				}
			}
		}
	}
	const most = 300
	if len(what) > most {
		what = what[:most] + "..."
	}
	return fmt.Sprint(strings.ToValidUTF8(what, "?"))
}

// writtenPassword is the password as it stands in a URL, which escapes it in a way
// of its own.
func writtenPassword(source facegate.Source) string {
	_, authority, _ := strings.Cut(source.Reveal(), "://")
	if i := strings.IndexAny(authority, "/?#"); i >= 0 {
		authority = authority[:i]
	}
	_, password, _ := strings.Cut(authority[:max(0, strings.LastIndexByte(authority, '@'))], ":")
	return password
}
