package config

import "time"

const (
	maxWindows   = 256
	maxDetails   = 1024
	maxRateLimit = 1_000_000 // requests a minute

	mib = int64(1) << 20
)

// extractSection decodes extract.
func (d *decoder) extractSection(o object) Extract {
	rate := o.get("rate").object()
	return Extract{
		Windows:         read(o.get("windows"), Auto, "auto or a number from 1 to 256", parseCount(1, maxWindows)),
		DetailsInFlight: read(o.get("details_in_flight"), Auto, "auto or a number from 1 to 1024", parseCount(1, maxDetails)),
		Rate: Rate{
			Limit:    read(rate.get("limit"), Auto, "auto or a number of requests a minute from 1 to 1000000", parseCount(1, maxRateLimit)),
			Headroom: read(rate.get("headroom"), 0.2, "a share from 0% to less than 100%, such as 20% or 0.2", parseShare),
		},
		Timeout:     readDuration(o.get("timeout"), 30*time.Second, time.Millisecond, time.Hour),
		GiveUpAfter: readDuration(o.get("give_up_after"), 15*time.Minute, time.Millisecond, 7*day),
		OnBadRecord: choice(o.get("on_bad_record"), Quarantine, Quarantine, Fail),
		MaxMemory:   readSize(o.get("max_memory"), 512*mib, 32*mib, mib<<20),
		Spool:       read(o.get("spool"), "", "a folder or a bucket URL", parseFolder),
	}
}
