package logsim

import "strconv"

// appendEntry writes a record's list entry.
func (p *project) appendEntry(dst []byte, n int) []byte {
	a := p.attributesOf(n)
	bad := p.unreadableOf(n)
	switch bad {
	case EntryNoObject:
		return append(dst, `["not","an","object"]`...)
	case EntryNullValue:
		return append(dst, "null"...)
	}
	return append(p.appendHead(dst, &a, bad), '}')
}

// appendHead writes the fields that entry and detail share, with the opening brace and without the closing one.
func (p *project) appendHead(dst []byte, a *attributes, bad Unreadable) []byte {
	dst = append(dst, '{')
	dst = p.appendIdentity(dst, a, bad)
	dst = a.appendLevels(dst)
	dst = p.appendMessage(dst, a)
	dst = p.appendMetadata(dst, a)
	dst = a.appendMetrics(dst)
	dst = p.appendParent(dst, a)
	if a.odd&OddUnknownField != 0 {
		dst = append(dst, `,"schema_rev":7,"labels":["ä","b",null],"x-ext":{"retry":{"n":2,"of":3},"":true}`...)
	}
	return dst
}

func (p *project) appendIdentity(dst []byte, a *attributes, bad Unreadable) []byte {
	switch bad {
	case NoID:
		dst = append(dst, `"v":1`...)
	case NullID:
		dst = append(dst, `"id":null`...)
	case NumericID:
		dst = append(dst, `"id":12345`...)
	default:
		dst = append(appendID(append(dst, `"id":"`...), p.id(a.number)), '"')
	}
	switch bad {
	case NoTimestamp:
		return dst
	case NullTimestamp:
		return append(dst, `,"timestamp":null`...)
	case NonsenseTime:
		return append(dst, `,"timestamp":"the day before yesterday"`...)
	}
	return a.appendTimestamp(append(dst, `,"timestamp":`...))
}

// appendLevels writes type, status and level.
func (a *attributes) appendLevels(dst []byte) []byte {
	dst, done := a.appendKey(dst, "type", fieldType)
	switch {
	case done:
	case a.odd&OddType == 0:
		dst = append(dst, `"tool.execution"`...)
	case a.choose(13, 2) == 0:
		dst = append(dst, `"trigger.message"`...)
	default:
		dst = append(dst, `"connected_account.created"`...)
	}
	switch {
	case a.odd&OddWrongType != 0 && a.choose(14, 4) == 0:
		dst = append(dst, `,"status":200`...)
	case a.failed:
		dst = append(dst, `,"status":"failed"`...)
	default:
		dst = append(dst, `,"status":"success"`...)
	}
	dst, done = a.appendKey(dst, "level", fieldLevel)
	switch {
	case done:
	case a.failed:
		dst = append(dst, `"error"`...)
	case a.warns():
		dst = append(dst, `"warn"`...)
	default:
		dst = append(dst, `"info"`...)
	}
	if a.odd&OddDuplicateKey != 0 && !done {
		dst = append(dst, `,"level":"info"`...)
	}
	return dst
}

func (p *project) appendMessage(dst []byte, a *attributes) []byte {
	if !a.hasMessage() && a.odd == 0 {
		return dst
	}
	dst, done := a.appendKey(dst, "message", fieldMessage)
	if done {
		return dst
	}
	if a.odd&OddWrongType != 0 && a.choose(15, 3) == 0 {
		return append(dst, `{"code":17,"text":"not a string"}`...)
	}
	tool := &words.tools[a.tool]
	if a.failed {
		dst = append(append(dst, `"Error executing `...), tool.slug...)
		dst = append(dst, `: `...)
		dst = p.text.append(dst, mix(a.h^0x3e), 24+below(mix(a.h^0x3f), 160))
	} else {
		dst = append(append(dst, `"Executed `...), tool.slug...)
	}
	return append(a.appendOddText(dst), '"')
}

func (p *project) appendMetadata(dst []byte, a *attributes) []byte {
	dst, done := a.appendKey(dst, "metadata", fieldMetadata)
	if done {
		return dst
	}
	if a.odd&OddWrongType != 0 && a.choose(16, 4) == 0 {
		return append(dst, `"{\"tool\":\"a string of JSON\"}"`...)
	}
	if p.flat(a) {
		dst = p.appendFlatMetadata(dst, a)
	} else {
		dst = p.appendNestedMetadata(dst, a)
	}
	if a.hasSandbox() {
		dst = append(a.appendSandbox(append(dst, `,"sandbox_id":"`...)), '"')
	}
	dst = a.appendCharge(dst)
	if a.odd&OddDuplicateKey != 0 {
		dst = append(p.appendUser(append(dst, `,"user_id":"`...), a.user), '"')
	}
	if a.odd&OddBigNumber != 0 {
		dst = append(dst, `,"sequence":9007199254740993,"ratio":0.1000000000000000055511151231257827021181583404541015625`...)
	}
	if a.odd&OddNesting != 0 {
		dst = append(append(dst, `,"trace":`...), nestedObject...)
	}
	return append(dst, '}')
}

func (p *project) appendNestedMetadata(dst []byte, a *attributes) []byte {
	tool := &words.tools[a.tool]
	toolkit := words.toolkits[tool.toolkit]
	if a.h>>28&0x1f == 0 {
		dst = append(append(append(dst, `{"tool":"`...), tool.slug...), `","toolkit":"`...)
		dst = append(append(dst, toolkit...), '"')
	} else {
		dst = append(append(dst, `{"tool":{"slug":"`...), tool.slug...)
		dst = append(append(dst, `","name":"`...), tool.name...)
		dst = append(append(dst, `","version":"20260401_00"},"toolkit":{"slug":"`...), toolkit...)
		dst = append(append(dst, `","logo":"https://logos.example.com/api/`...), toolkit...)
		dst = append(dst, `"}`...)
	}
	dst = append(p.appendUser(append(dst, `,"user_id":"`...), a.user), '"')
	dst = append(p.appendAccount(append(dst, `,"connected_account_id":"`...), a), '"')
	return append(p.appendAuthConfig(append(dst, `,"auth_config_id":"`...), a), '"')
}

func (p *project) appendFlatMetadata(dst []byte, a *attributes) []byte {
	tool := &words.tools[a.tool]
	dst = append(append(dst, `{"tool_slug":"`...), tool.slug...)
	dst = append(append(append(dst, `","toolkit_slug":"`...), words.toolkits[tool.toolkit]...), '"')
	dst = append(p.appendUser(append(dst, `,"user_id":"`...), a.user), '"')
	dst = append(p.appendAccount(append(dst, `,"connected_account_id":"`...), a), '"')
	dst = append(p.appendAuthConfig(append(dst, `,"auth_config_id":"`...), a), '"')
	dst = append(appendSession(append(dst, `,"session_id":"`...), a.session), '"')
	return append(appendRequest(append(dst, `,"request_id":"`...), a.request), '"')
}

func (a *attributes) appendCharge(dst []byte) []byte {
	if a.odd&OddCharge != 0 {
		charges := [...]string{`"12345678901.123"`, `0.0015`, `"0.0000000001"`, `"free"`, `"-0.5"`, `null`, `"1e-3"`}
		return append(append(dst, `,"instant_charge":`...), charges[a.choose(17, len(charges))]...)
	}
	if !a.hasCharge() {
		return dst
	}
	return append(a.appendDollars(append(dst, `,"instant_charge":"`...)), '"')
}

// appendDollars writes the exact charge without trailing zeros.
func (a *attributes) appendDollars(dst []byte) []byte {
	digits := a.chargeDigits()
	dst = strconv.AppendUint(dst, digits/1_000_000_000, 10)
	dst = appendPadded(append(dst, '.'), int64(digits%1_000_000_000), 9)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	if dst[len(dst)-1] == '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func (a *attributes) appendMetrics(dst []byte) []byte {
	dst, done := a.appendKey(dst, "metrics", fieldMetrics)
	if done {
		return dst
	}
	if a.odd&OddWrongType != 0 {
		switch a.choose(18, 4) {
		case 0:
			return append(dst, `[1,2,3]`...)
		case 1:
			return append(dst, `{"duration_ms":"about a second"}`...)
		case 2:
			return append(dst, `{"duration_ms":12.5,"retries":true}`...)
		}
	}
	dst = strconv.AppendInt(append(dst, `{"duration_ms":`...), a.durationMS(), 10)
	if a.odd&OddBigNumber != 0 {
		dst = append(dst, `,"bytes":123456789012345678901234567890,"limit":1e400,"delta":-0,"tiny":1e-400`...)
	}
	if a.h>>40&3 == 0 {
		dst = strconv.AppendUint(append(dst, `,"response_bytes":`...), a.h>>44, 10)
	}
	return append(dst, '}')
}

func (p *project) appendParent(dst []byte, a *attributes) []byte {
	if a.odd&OddWrongType != 0 && a.choose(19, 4) == 0 {
		return append(dst, `,"parent":"log_as_a_string"`...)
	}
	if a.parent < 0 {
		return append(dst, `,"parent":null`...)
	}
	dst = appendID(append(dst, `,"parent":{"log_id":"`...), p.id(a.parent))
	dst = append(append(dst, `","tool_slug":"`...), words.tools[words.multi].slug...)
	return append(dst, `"}`...)
}
