package export

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/bufbuild/protocompile"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
	"github.com/conctrace/conctrace/report/pprof"
)

//go:embed testdata/perfetto_trace_subset.proto
var perfettoSchema string

// traceMessage is Perfetto's Trace, as its published schema has it.
func traceMessage(t *testing.T) protoreflect.MessageDescriptor {
	t.Helper()
	const name = "perfetto_trace_subset.proto"
	c := protocompile.Compiler{Resolver: &protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(map[string]string{name: perfettoSchema})}}
	files, err := c.Compile(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return files[0].Messages().ByName("Trace")
}

// strangers are all fields at any depth that the schema has not, or not of that type,
// the values that an enumeration lacks, and the strings that are not UTF-8: Go's decoder
// lets all of these pass.
func strangers(m protoreflect.Message, path string) (out []string) {
	for b := m.GetUnknown(); len(b) > 0; {
		number, kind, n := protowire.ConsumeTag(b)
		out = append(out, fmt.Sprintf("%s.%d (wire type %d)", path, number, kind))
		length := protowire.ConsumeFieldValue(number, kind, b[n:])
		if length < 0 {
			break
		}
		b = b[n+length:]
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		values := []protoreflect.Value{v}
		if f.IsList() {
			values = values[:0]
			for i := range v.List().Len() {
				values = append(values, v.List().Get(i))
			}
		}
		at := path + "." + string(f.Name())
		for _, v := range values {
			switch {
			case f.Message() != nil:
				out = append(out, strangers(v.Message(), at)...)
			case f.Kind() == protoreflect.EnumKind && f.Enum().Values().ByNumber(v.Enum()) == nil,
				f.Kind() == protoreflect.StringKind && !utf8.ValidString(v.String()):
				out = append(out, fmt.Sprintf("%s = %v", at, v))
			}
		}
		return true
	})
	return out
}

// The check finds what it is there for.
func TestTheSchemaFindsStrangers(t *testing.T) {
	for _, bad := range []func(event *message){
		func(m *message) { m.number(777, 1) },
		func(m *message) { m.number(eventType, 99) },
		func(m *message) { m.text(eventName, "\xff") },
		func(m *message) { m.number(eventFlowIDs, 1) },
	} {
		var event, packet, trace message
		bad(&event)
		packet.message(packetTrackEvent, event)
		trace.message(tracePacket, packet)
		m := dynamicpb.NewMessage(traceMessage(t))
		if err := proto.Unmarshal(trace, m); err != nil {
			continue
		}
		if len(strangers(m, "Trace")) == 0 {
			t.Errorf("%x passes", []byte(trace))
		}
	}
}

// timeline is what a reader of Perfetto's format makes of a file.
type timeline struct {
	tracks   map[uint64]trackOf
	slices   []sliceOf
	instants []sliceOf
	flows    map[uint64][]flowEnd
	counters map[uint64][]point
}

type trackOf struct {
	name   string
	parent uint64
}

type sliceOf struct {
	track    uint64
	from, to int64
	category string
	name     string
	notes    map[string]string
}

type flowEnd struct {
	at     int64
	ending bool
}

type point struct {
	at int64
	v  float64
}

// reader reads packets, with what was interned.
type reader struct {
	t       *testing.T
	out     timeline
	texts   map[string]map[uint64]string // by field of InternedData
	open    map[uint64]*sliceOf          // by track
	cleared bool
}

// read reads a file by its schema, and checks that no track has slices that overlap,
// that every text was written before it is used, and that every track is described.
func read(t *testing.T, data []byte) timeline {
	t.Helper()
	if testing.Short() {
		t.Skip("decodes megabytes by their schema")
	}
	m := dynamicpb.NewMessage(traceMessage(t))
	if err := proto.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	if bad := strangers(m, "Trace"); len(bad) > 0 {
		t.Fatalf("%d things are not in the schema, such as %s", len(bad), bad[0])
	}
	r := reader{t: t, texts: map[string]map[uint64]string{}, open: map[uint64]*sliceOf{}, out: timeline{
		tracks: map[uint64]trackOf{}, flows: map[uint64][]flowEnd{}, counters: map[uint64][]point{},
	}}
	packets := list(m, "packet")
	for i := range packets.Len() {
		r.packet(packets.Get(i).Message())
	}
	for track, s := range r.open {
		t.Errorf("track %d: %s has no end", track, s.name)
	}
	for uuid, track := range r.out.tracks {
		if _, ok := r.out.tracks[track.parent]; !ok && track.parent != 0 {
			t.Errorf("the parent of track %d, %s, is not described", uuid, track.name)
		}
	}
	return r.out
}

func field(m protoreflect.Message, name string) protoreflect.Value {
	return m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(name)))
}

func has(m protoreflect.Message, name string) bool {
	return m.Has(m.Descriptor().Fields().ByName(protoreflect.Name(name)))
}

func list(m protoreflect.Message, name string) protoreflect.List { return field(m, name).List() }

func (r *reader) packet(m protoreflect.Message) {
	if flags := field(m, "sequence_flags").Uint(); flags&1 != 0 {
		r.cleared = true
	}
	if field(m, "trusted_packet_sequence_id").Uint() != sequence || !r.cleared {
		r.t.Fatal("a packet of no sequence")
	}
	if has(m, "interned_data") {
		r.intern(field(m, "interned_data").Message())
	}
	if has(m, "track_descriptor") {
		d := field(m, "track_descriptor").Message()
		uuid := field(d, "uuid").Uint()
		if _, twice := r.out.tracks[uuid]; twice || uuid == 0 {
			r.t.Errorf("track %d is described twice", uuid)
		}
		r.out.tracks[uuid] = trackOf{field(d, "name").String(), field(d, "parent_uuid").Uint()}
	}
	if has(m, "track_event") {
		r.event(int64(field(m, "timestamp").Uint()), field(m, "track_event").Message())
	}
}

func (r *reader) intern(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		known := r.texts[string(f.Name())]
		if known == nil {
			known = map[uint64]string{}
			r.texts[string(f.Name())] = known
		}
		for i := range v.List().Len() {
			entry := v.List().Get(i).Message()
			iid := field(entry, "iid").Uint()
			if _, twice := known[iid]; twice || iid == 0 {
				r.t.Errorf("%s %d comes twice", f.Name(), iid)
			}
			if f.Name() == "debug_annotation_string_values" {
				known[iid] = string(field(entry, "str").Bytes())
			} else {
				known[iid] = field(entry, "name").String()
			}
		}
		return true
	})
}

func (r *reader) text(kind string, iid uint64) string {
	text, ok := r.texts[kind][iid]
	if !ok {
		r.t.Fatalf("%s %d is used before it is written", kind, iid)
	}
	return text
}

func (r *reader) event(at int64, m protoreflect.Message) {
	uuid := field(m, "track_uuid").Uint()
	if _, ok := r.out.tracks[uuid]; !ok {
		r.t.Fatalf("an event on track %d, which is not described before", uuid)
	}
	for _, flows := range []string{"flow_ids", "terminating_flow_ids"} {
		for i := range list(m, flows).Len() {
			id := list(m, flows).Get(i).Uint()
			r.out.flows[id] = append(r.out.flows[id], flowEnd{at, flows != "flow_ids"})
		}
	}
	switch field(m, "type").Enum() {
	case counter:
		v := field(m, "double_counter_value").Float()
		if has(m, "counter_value") {
			v = float64(field(m, "counter_value").Int())
		}
		r.out.counters[uuid] = append(r.out.counters[uuid], point{at, v})
	case instant:
		r.out.instants = append(r.out.instants, r.described(at, uuid, m))
	case sliceBegin:
		s := r.described(at, uuid, m)
		if r.open[uuid] != nil {
			r.t.Fatalf("%s begins within %s", s.name, r.open[uuid].name)
		}
		r.open[uuid] = &s
	case sliceEnd:
		s := r.open[uuid]
		if s == nil || at <= s.from {
			r.t.Fatalf("a slice ends at %d that does not begin before", at)
		}
		s.to = at
		r.out.slices = append(r.out.slices, *s)
		delete(r.open, uuid)
	}
}

func (r *reader) described(at int64, uuid uint64, m protoreflect.Message) sliceOf {
	s := sliceOf{track: uuid, from: at, name: field(m, "name").String(), notes: map[string]string{}}
	if has(m, "name_iid") {
		s.name = r.text("event_names", field(m, "name_iid").Uint())
	}
	for i := range list(m, "category_iids").Len() {
		s.category = r.text("event_categories", list(m, "category_iids").Get(i).Uint())
	}
	notes := list(m, "debug_annotations")
	for i := range notes.Len() {
		n := notes.Get(i).Message()
		key := r.text("debug_annotation_names", field(n, "name_iid").Uint())
		if has(n, "string_value_iid") {
			s.notes[key] = r.text("debug_annotation_string_values", field(n, "string_value_iid").Uint())
		} else {
			s.notes[key] = fmt.Sprint(field(n, "int_value").Int())
		}
	}
	return s
}

// below says whether a track lies below another.
func (l *timeline) below(uuid, root uint64) bool {
	for ; uuid != 0; uuid = l.tracks[uuid].parent {
		if uuid == root {
			return true
		}
	}
	return false
}

// checkOrder holds that the slices of each track follow each other.
func checkOrder(t *testing.T, l *timeline) {
	t.Helper()
	ends := map[uint64]int64{}
	for _, s := range l.slices {
		if s.from < ends[s.track] {
			t.Fatalf("%s on %s begins at %d, before the end of the one before, %d", s.name, l.tracks[s.track].name, s.from, ends[s.track])
		}
		ends[s.track] = s.to
	}
}

// Every trace gives a file of the published schema. On the tracks of goroutines there
// is each class's time to the nanosecond, on those of processors that of running; every
// arrow has a beginning and an end that is not before it.
func TestPerfettoHasAllTime(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		r, out := exported(t, "perfetto", path, analyze.Options{}, pprof.Options{})
		l := read(t, out[""].Bytes())
		checkOrder(t, &l)
		want, got := map[string]int64{}, map[string]int64{}
		for _, tm := range []*result.Time{&r.Time, &r.SystemTime} {
			for kind, ns := range tm.Kinds {
				class, _, _ := strings.Cut(kind, "/")
				want[class] += ns
			}
		}
		var onProcessors, running int64
		for _, s := range l.slices {
			switch {
			case l.below(s.track, processorsTrack):
				onProcessors += s.to - s.from
			case l.below(s.track, goroutinesTrack) && l.tracks[s.track].name != "regions":
				got[s.category] += s.to - s.from
				if _, ok := s.notes["P"]; ok {
					running += s.to - s.from
				}
			}
		}
		for class, ns := range want {
			if ns == 0 {
				delete(want, class)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("classes (-result +export):\n%s", diff)
		}
		if onProcessors != running || running == 0 && want["running"] > 0 {
			t.Errorf("%d ns on processors, goroutines ran for %d", onProcessors, running)
		}
		for id, ends := range l.flows {
			if len(ends) > 2 || len(ends) == 2 && (ends[0].ending || !ends[1].ending || ends[1].at < ends[0].at) {
				t.Errorf("arrow %d: %v", id, ends)
			}
		}
	})
}

// The counters are the averages of what the classes sum to.
func TestPerfettoCounters(t *testing.T) {
	for _, o := range []analyze.Options{{}, {From: 100 * time.Millisecond, To: 150 * time.Millisecond}} {
		r, out := exported(t, "perfetto", serverTrace, o, pprof.Options{})
		l := read(t, out[""].Bytes())
		for uuid, want := range map[uint64]int64{runningTrack: r.Time.RunningNs, readyTrack: r.Time.RunnableNs} {
			points := l.counters[uuid]
			if len(points) < 1000 || points[0].at != r.Scope.FromNs {
				t.Fatalf("%d points", len(points))
			}
			var sum float64
			for i, p := range points {
				end := r.Scope.ToNs
				if i+1 < len(points) {
					end = points[i+1].at
				}
				sum += p.v * float64(end-p.at)
			}
			if math.Abs(sum-float64(want)) > 1 {
				t.Errorf("%s: %.1f ns, want %d", l.tracks[uuid].name, sum, want)
			}
		}
		if o.To == 0 && (len(l.counters[heapTrack]) == 0 || len(l.counters[goalTrack]) == 0) {
			t.Error("no sizes of the heap")
		}
	}
}

// What a slice says: who woke the goroutine, where it was, what for; tasks, regions and
// log lines are there.
func TestPerfettoTellsWhatHappened(t *testing.T) {
	r, out := exported(t, "perfetto", serverTrace, analyze.Options{}, pprof.Options{})
	l := read(t, out[""].Bytes())
	var arrows, regions, tasks, logs, stops int
	for _, s := range l.slices {
		switch {
		case s.category == waitkind.BlockedSync.String() && s.notes["waker"] != "":
			if s.notes["at"] == "" || s.notes["stack"] == "" || s.notes["waker at"] == "" && s.notes["censored"] == "" {
				t.Errorf("a wait without a place: %v", s)
			}
		case s.category == "region":
			regions++
		case s.category == "task":
			tasks++
		case s.track == stopTrack:
			stops++
		}
	}
	for _, i := range l.instants {
		if i.category == "log" {
			logs++
		}
	}
	for _, ends := range l.flows {
		if len(ends) == 2 {
			arrows++
		}
	}
	creations, told := 0, 0
	for _, i := range l.instants {
		if i.name == "creates" {
			told++
		}
	}
	count := &births{n: &creations}
	if _, err := analyze.Stream(context.Background(), analyze.File(serverTrace), analyze.Options{}, count); err != nil {
		t.Fatal(err)
	}
	if told != creations || told < 300 {
		t.Errorf("%d arrows from creators, there are %d creations", told, creations)
	}
	var wantTasks, wantRegions int64
	for _, s := range r.Tasks {
		wantTasks += s.Count
	}
	for _, s := range r.Regions {
		wantRegions += s.Count
	}
	if int64(tasks) < wantTasks || int64(regions) < wantRegions || logs == 0 || stops == 0 || arrows < 1000 {
		t.Errorf("%d tasks of %d, %d regions of %d, %d log lines, %d stops, %d arrows", tasks, wantTasks, regions, wantRegions, logs, stops, arrows)
	}
}

// births counts the goroutines whose creation the trace has.
type births struct {
	interval.Nothing
	n *int
}

func (b *births) Born(birth *interval.Birth) {
	if birth.Parent >= 0 && !birth.Older {
		*b.n++
	}
}

// Log lines have their category and message.
func TestPerfettoKeepsLogLines(t *testing.T) {
	_, out := exported(t, "perfetto", traces+"/go1.26/all.trace", analyze.Options{}, pprof.Options{})
	l := read(t, out[""].Bytes())
	lines := 0
	for _, i := range l.instants {
		if i.category == "log" {
			if lines++; i.name == "" || strings.HasSuffix(i.name, ":") || strings.HasSuffix(i.name, " ") {
				t.Errorf("a line %q", i.name)
			}
		}
	}
	if lines == 0 {
		t.Error("no log lines")
	}
}

// A filter leaves out the tracks of others, and arrows from them.
func TestPerfettoOfAGroup(t *testing.T) {
	r, out := exported(t, "perfetto", serverTrace, analyze.Options{Group: regexp.MustCompile(`main\.client|main\.load`)}, pprof.Options{})
	l := read(t, out[""].Bytes())
	goroutines := 0
	for uuid, track := range l.tracks {
		if l.below(uuid, goroutinesTrack) && strings.HasPrefix(track.name, "G") && track.name != "Goroutines" {
			goroutines++
		}
	}
	if goroutines != r.Scope.Goroutines || goroutines == 0 {
		t.Errorf("%d tracks of %d goroutines", goroutines, r.Scope.Goroutines)
	}
	for id, ends := range l.flows {
		if ends[0].ending {
			t.Errorf("arrow %d has no beginning", id)
		}
	}
}

// Two exports of a trace are the same bytes.
func TestExportsAreDeterministic(t *testing.T) {
	for _, format := range Names() {
		_, one := exported(t, format, serverTrace, analyze.Options{}, pprof.Options{})
		_, two := exported(t, format, serverTrace, analyze.Options{}, pprof.Options{})
		for part := range one {
			if !bytes.Equal(one[part].Bytes(), two[part].Bytes()) {
				t.Errorf("%s %s differs from run to run", format, part)
			}
		}
	}
}

// The time of day in the file is the trace's.
func TestPerfettoKnowsTheTimeOfDay(t *testing.T) {
	r, out := exported(t, "perfetto", serverTrace, analyze.Options{}, pprof.Options{})
	at, err := time.Parse(time.RFC3339Nano, r.Trace.StartedAt)
	if err != nil {
		t.Fatal(err)
	}
	var want message
	want.number(clockID, clockRealtime)
	want.number(clockTimestamp, uint64(at.UnixNano()))
	if !bytes.Contains(out[""].Bytes()[:200], want) || slices.Index(Names(), "perfetto") != 0 {
		t.Error("the clock is not in the first packet")
	}
}
