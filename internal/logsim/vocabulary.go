package logsim

import (
	"fmt"
	"strings"
)

// tool is one tool of a toolkit.
type tool struct {
	slug, name string
	toolkit    int // index into vocabulary.toolkits
	kind       payloadKind
}

// payloadKind is the form of a tool's arguments.
type payloadKind uint8

const (
	payloadGeneric payloadKind = iota
	payloadMail
	payloadHTTP
	payloadMulti
)

// vocabulary is the set of toolkits and tools that records name. It is the same for every seed.
type vocabulary struct {
	toolkits []string
	tools    []tool
	multi    int // index of the multi-execute tool
}

var words = newVocabulary()

func newVocabulary() *vocabulary {
	nouns := map[string]string{
		"gmail": "EMAIL DRAFT LABEL THREAD ATTACHMENT", "slack": "MESSAGE CHANNEL REACTION USER FILE",
		"github": "ISSUE PULL_REQUEST REPOSITORY COMMIT RELEASE WORKFLOW_RUN", "notion": "PAGE DATABASE BLOCK COMMENT",
		"googlecalendar": "EVENT CALENDAR ATTENDEE", "googlesheets": "ROW SHEET RANGE", "googledrive": "FILE FOLDER PERMISSION",
		"googledocs": "DOCUMENT PARAGRAPH", "outlook": "EMAIL EVENT CONTACT", "hubspot": "CONTACT DEAL COMPANY TICKET",
		"salesforce": "LEAD ACCOUNT OPPORTUNITY CASE", "linear": "ISSUE PROJECT CYCLE COMMENT", "jira": "ISSUE SPRINT BOARD COMMENT",
		"asana": "TASK PROJECT SECTION", "trello": "CARD BOARD LIST", "airtable": "RECORD BASE TABLE", "zendesk": "TICKET USER MACRO",
		"intercom": "CONVERSATION CONTACT", "stripe": "CUSTOMER INVOICE PAYMENT_INTENT REFUND", "shopify": "ORDER PRODUCT CUSTOMER",
		"discord": "MESSAGE GUILD MEMBER", "twitter": "POST USER TIMELINE", "linkedin": "POST PROFILE", "youtube": "VIDEO PLAYLIST COMMENT",
		"reddit": "POST COMMENT SUBREDDIT", "dropbox": "FILE FOLDER", "figma": "FILE COMMENT COMPONENT", "supabase": "ROW TABLE PROJECT",
		"tavily": "SEARCH", "perplexityai": "COMPLETION", "firecrawl": "CRAWL PAGE", "browser_tool": "PAGE SCREENSHOT", "http": "REQUEST",
	}
	order := strings.Fields("gmail slack github notion googlecalendar googlesheets googledrive outlook linear hubspot http salesforce jira tavily googledocs " +
		"asana trello airtable zendesk intercom stripe shopify discord twitter linkedin youtube reddit dropbox figma supabase perplexityai firecrawl browser_tool")
	verbs := strings.Fields("GET LIST CREATE SEARCH UPDATE FETCH SEND DELETE")
	v := &vocabulary{}
	for _, toolkit := range order {
		for _, verb := range verbs {
			for _, noun := range strings.Fields(nouns[toolkit]) {
				v.add(toolkit, verb, noun)
			}
		}
	}
	v.multi = len(v.tools)
	v.toolkits = append(v.toolkits, "composio")
	v.tools = append(v.tools, tool{slug: "COMPOSIO_MULTI_EXECUTE_TOOL", name: "Multi Execute Tool", toolkit: len(v.toolkits) - 1, kind: payloadMulti})
	return v
}

func (v *vocabulary) add(toolkit, verb, noun string) {
	if n := len(v.toolkits); n == 0 || v.toolkits[n-1] != toolkit {
		v.toolkits = append(v.toolkits, toolkit)
	}
	kind := payloadGeneric
	switch {
	case noun == "EMAIL" || noun == "DRAFT":
		kind = payloadMail
	case toolkit == "http" || toolkit == "browser_tool":
		kind = payloadHTTP
	}
	v.tools = append(v.tools, tool{
		slug:    fmt.Sprintf("%s_%s_%s", strings.ToUpper(toolkit), verb, noun),
		name:    title(verb) + " " + title(strings.ReplaceAll(noun, "_", " ")),
		toolkit: len(v.toolkits) - 1,
		kind:    kind,
	})
}

func title(s string) string { return s[:1] + strings.ToLower(s[1:]) }
