package config

import (
	"logferry/internal/signing"
)

// stateSection decodes state.
func (d *decoder) stateSection(o object) State {
	s := State{
		URL:         read(o.get("url"), "", bucketForm, parseBucket),
		LockTimeout: readDuration(o.get("lock_timeout"), 0, 0, 7*day),
	}
	key, file := o.get("signing_key"), o.get("signing_key_file")
	switch {
	case !key.absent() && !file.absent():
		file.failKey(&problem{"a second signing key, besides " + key.key, "remove one of the two"})
	case !key.absent():
		s.SigningKey = key.secretLike(badSigningKey)
	case !file.absent():
		s.SigningKey, s.SigningKeyFile = file.secretFileLike(badSigningKey)
	}
	return s
}

// badSigningKey says why a text is no key that commits can be signed with.
func badSigningKey(text string) *problem {
	if _, err := signing.ParsePrivate(text); err != nil {
		return &problem{"holds no Ed25519 private key", "expected PKCS#8 in PEM, as `logferry keygen` writes it, or its seed of 32 bytes in base64"}
	}
	return nil
}

func (s *State) document(credentials bool) stateDocument {
	doc := stateDocument{URL: literal(s.URL), LockTimeout: FormatDuration(s.LockTimeout)}
	switch {
	case !credentials:
	case s.SigningKeyFile != "":
		doc.SigningKeyFile = literal(s.SigningKeyFile)
	case !s.SigningKey.IsZero():
		doc.SigningKey = s.SigningKey.reference()
	}
	return doc
}
