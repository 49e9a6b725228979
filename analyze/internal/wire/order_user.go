package wire

import "github.com/conctrace/conctrace/analyze/internal/event"

// label: a word about the running goroutine, such as what a worker of the
// garbage collector is for.
func (o *orderer) label(c *cursor) outcome {
	id, pos := uvarint(o.data, c.pos)
	if o.tables.strings.get(id) == nil {
		return o.noString(c, id)
	}
	return o.note(c, pos, 0, event.Other, 0)
}

// log: a line of the program's log. The message is kept if that is asked for.
func (o *orderer) log(c *cursor) outcome {
	id, pos := uvarint(o.data, c.pos)
	category, pos := uvarint(o.data, pos)
	message, pos := uvarint(o.data, pos)
	stackID, pos := uvarint(o.data, pos)
	name, ok := o.tables.stringID(category)
	if !ok {
		return o.noString(c, category)
	}
	text, ok := o.tables.message(message)
	if !ok {
		return o.noString(c, message)
	}
	if result := o.note(c, pos, stackID, event.Log, 0); result != taken {
		return result
	}
	e := &o.buf[o.n-1]
	e.Subject, e.Name, e.Arg = int64(id), name, int64(text)
	return taken
}

// taskBegin: a task is opened. It may have any parent, and 0 means none.
func (o *orderer) taskBegin(c *cursor) outcome {
	rawID, pos := uvarint(o.data, c.pos)
	parent, pos := uvarint(o.data, pos)
	nameID, pos := uvarint(o.data, pos)
	stackID, pos := uvarint(o.data, pos)
	id := int64(rawID)
	name, ok := o.tables.stringID(nameID)
	if !ok {
		return o.noString(c, nameID)
	}
	t, ok := o.tasks[id]
	if ok && !t.ended {
		return o.fail(c.pos, "task %d begins twice", id)
	}
	if o.alone && !ok {
		o.assumed.add(assumption{kind: assumeNoTask, id: id})
	}
	from := int64(parent)
	if from == 0 {
		from = event.NoTask
	}
	if result := o.note(c, pos, stackID, event.TaskBegin, 0); result != taken {
		return result
	}
	o.tasks[id] = task{parent: from, name: name}
	e := &o.buf[o.n-1]
	e.Subject, e.Arg, e.Name = id, from, name
	return taken
}

// taskEnd: a task ends, as often as the program says so.
func (o *orderer) taskEnd(c *cursor) outcome {
	rawID, pos := uvarint(o.data, c.pos)
	stackID, pos := uvarint(o.data, pos)
	id := int64(rawID)
	t, ok := o.tasks[id]
	if !ok && o.alone {
		o.assumed.add(assumption{kind: patchTask, id: id, at: o.n})
	}
	if !ok || t.ended {
		t = task{parent: event.NoTask}
	}
	if result := o.note(c, pos, stackID, event.TaskEnd, 0); result != taken {
		return result
	}
	if o.alone {
		o.tasks[id] = task{ended: true}
	} else {
		delete(o.tasks, id)
	}
	e := &o.buf[o.n-1]
	e.Subject, e.Arg, e.Name = id, t.parent, t.name
	return taken
}

// region: a region of the running goroutine begins or ends. Of those that began
// before the trace nothing is known.
func (o *orderer) region(c *cursor) outcome {
	rawTask, pos := uvarint(o.data, c.pos)
	nameID, pos := uvarint(o.data, pos)
	stackID, pos := uvarint(o.data, pos)
	g := o.bound(c)
	if g == nil {
		return failed
	}
	name, ok := o.tables.stringID(nameID)
	if !ok {
		return o.noString(c, nameID)
	}
	r := region{int64(rawTask), name}
	kind := event.RegionBegin
	if c.kind == typeUserRegionBegin {
		o.enterRegion(g, r)
	} else {
		kind = event.RegionEnd
		if !o.endRegion(g, r) {
			return o.fail(c.pos, "a region ends in goroutine %d that is not its innermost", g.id)
		}
	}
	if result := o.note(c, pos, stackID, kind, 0); result != taken {
		return result
	}
	e := &o.buf[o.n-1]
	e.Subject, e.Name = r.task, name
	return taken
}

// endRegion takes a goroutine out of a region, which must be its innermost.
func (o *orderer) endRegion(g *goroutine, r region) bool {
	inside := o.regionsOf(g)
	if len(inside) == 0 {
		if o.alone && !g.born {
			o.assumed.add(assumption{kind: assumeRegion, id: g.id, region: r})
		}
		return true
	}
	if inside[len(inside)-1] != r {
		return false
	}
	o.leaveRegions(g, 1)
	return true
}

// experimental: an event of an experiment, of which nothing is used.
func (o *orderer) experimental(c *cursor) outcome {
	pos := c.pos
	for range argCount[c.kind] {
		_, pos = uvarint(o.data, pos)
	}
	if c.thread.none {
		return o.noContext(c)
	}
	c.pos = pos
	o.emit(c).Kind = event.Other
	return taken
}
