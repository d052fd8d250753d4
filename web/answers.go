package web

import "facegate"

// The functions here see to it that no list in an answer is ever null, and that
// no embedding leaves the server but by a detect call that asked for it: it is
// biometric data, and a face can be searched by it elsewhere.

func whole[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func wholePerson(p facegate.Person) facegate.Person {
	p.Tags = whole(p.Tags)
	return p
}

func wholePage(p facegate.PeoplePage) facegate.PeoplePage {
	people := make([]facegate.Person, len(p.People))
	for i := range p.People {
		people[i] = wholePerson(p.People[i])
	}
	p.People = people
	return p
}

func wholeSamples(samples []facegate.Sample) []facegate.Sample {
	all := make([]facegate.Sample, len(samples))
	for i, s := range samples {
		s.Quality.Reasons = whole(s.Quality.Reasons)
		all[i] = s
	}
	return all
}

func wholeEnrolment(e facegate.Enrolment) facegate.Enrolment {
	e.Person = wholePerson(e.Person)
	e.Samples = wholeSamples(e.Samples)
	e.Refused = whole(e.Refused)
	e.Skipped = whole(e.Skipped)
	e.Duplicates = whole(e.Duplicates)
	return e
}

func wholeFace(f facegate.Face) facegate.Face {
	f.Quality.Reasons = whole(f.Quality.Reasons)
	return f
}

func wholeAnalysis(a facegate.Analysis) facegate.Analysis {
	faces := make([]facegate.Face, len(a.Faces))
	for i := range a.Faces {
		faces[i] = wholeFace(a.Faces[i])
	}
	a.Faces = faces
	return a
}

func wholeIdentification(i facegate.Identification) facegate.Identification {
	i.Candidates = whole(i.Candidates)
	if i.Explanation != nil {
		e := *i.Explanation
		e.Candidates = make([]facegate.CandidateExplanation, len(i.Explanation.Candidates))
		for n, c := range i.Explanation.Candidates {
			c.Sample.Reasons = whole(c.Sample.Reasons)
			e.Candidates[n] = c
		}
		i.Explanation = &e
	}
	return i
}

func wholeIdentifyResult(r facegate.IdentifyResult) facegate.IdentifyResult {
	faces := make([]facegate.IdentifiedFace, len(r.Faces))
	for i, f := range r.Faces {
		f.Embedding = nil
		faces[i] = facegate.IdentifiedFace{Face: wholeFace(f.Face), Identification: wholeIdentification(f.Identification)}
	}
	r.Faces = faces
	return r
}

func wholeVerification(v facegate.Verification) facegate.Verification {
	for _, f := range []**facegate.Face{&v.FaceA, &v.FaceB} {
		if *f != nil {
			face := wholeFace(**f)
			face.Embedding = nil
			*f = &face
		}
	}
	return v
}
