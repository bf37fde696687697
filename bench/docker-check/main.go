// docker-check asks BuildKit's own Dockerfile front end, for comparison with oakum. It is a bench tool and no part of the program.
//
// Standard input holds one JSON object a line, standard output one for each:
//
//	{"do":"lint","path":"Dockerfile","ignore":"..."}      the build checks, as `docker build --check` runs them
//	{"do":"parse","path":"Dockerfile"}                    the instructions, and which of them the front end refuses
//	{"do":"expand","word":"${x:-y}","env":["x=1"],"escape":"\\"}
//	{"do":"ignore","text":".dockerignore","paths":["a/b"]}
//
// No registry is asked: each base image is an empty one of the platform that is wanted.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

type query struct {
	Do       string   `json:"do"`
	Path     string   `json:"path"`
	Ignore   *string  `json:"ignore"`
	Check    string   `json:"check"`
	Word     string   `json:"word"`
	Words    bool     `json:"words"`
	Env      []string `json:"env"`
	Escape   string   `json:"escape"`
	Text     string   `json:"text"`
	Paths    []string `json:"paths"`
	Platform string   `json:"platform"`
}

type warning struct {
	Rule    string   `json:"rule"`
	Message string   `json:"message"`
	Ranges  [][2]int `json:"ranges"`
}

type heredoc struct {
	Name    string `json:"name"`
	Expand  bool   `json:"expand"`
	Chomp   bool   `json:"chomp"`
	Fd      uint   `json:"fd"`
	Content string `json:"content"`
}

type node struct {
	Name     string    `json:"name"`
	Original string    `json:"original"`
	Flags    []string  `json:"flags"`
	Args     []string  `json:"args"`
	JSON     bool      `json:"json"`
	Start    int       `json:"start"`
	End      int       `json:"end"`
	Heredocs []heredoc `json:"heredocs,omitempty"`
	Sub      *node     `json:"sub,omitempty"`
	Error    string    `json:"error,omitempty"`
}

type answer struct {
	Warnings []warning `json:"warnings,omitempty"`
	Nodes    []*node   `json:"nodes,omitempty"`
	Result   *string   `json:"result,omitempty"`
	List     []string  `json:"list,omitempty"`
	Bits     string    `json:"bits,omitempty"`
	Error    string    `json:"error,omitempty"`
	Ranges   [][2]int  `json:"ranges,omitempty"`
}

// Answers for any image: an empty one.
type emptyImages struct{}

func (emptyImages) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	image := ocispecs.Image{Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}}
	if opt.ImageOpt != nil && opt.ImageOpt.Platform != nil {
		image.Platform = *opt.ImageOpt.Platform
	}
	image.RootFS = ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString("x")}}
	data, err := json.Marshal(image)
	return ref, digest.FromString("x"), data, err
}

// What the front end asks of the build: its options, and the files of the context.
type gateway struct {
	client.Client
	options map[string]string
	file    []byte
	ignore  *string
}

func (g *gateway) BuildOpts() client.BuildOpts {
	return client.BuildOpts{Opts: g.options, SessionID: "s", LLBCaps: pb.Caps.CapSet(pb.Caps.All()), Caps: gwpb.Caps.CapSet(gwpb.Caps.All()), Workers: []client.WorkerInfo{{Platforms: []ocispecs.Platform{{OS: "linux", Architecture: "amd64"}}}}}
}

func (g *gateway) Inputs(context.Context) (map[string]llb.State, error) { return nil, nil }

func (g *gateway) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return emptyImages{}.ResolveImageConfig(ctx, ref, opt)
}

func (g *gateway) Warn(context.Context, digest.Digest, string, client.WarnOpts) error { return nil }

func (g *gateway) Solve(context.Context, client.SolveRequest) (*client.Result, error) {
	result := client.NewResult()
	result.SetRef(&reference{gateway: g})
	return result, nil
}

type reference struct {
	client.Reference
	gateway *gateway
}

func (r *reference) ReadFile(_ context.Context, request client.ReadRequest) ([]byte, error) {
	switch {
	case request.Filename == "Dockerfile":
		return r.gateway.file, nil
	case request.Filename == ".dockerignore" && r.gateway.ignore != nil:
		return []byte(*r.gateway.ignore), nil
	}
	return nil, os.ErrNotExist
}

func ranges(list []parser.Range) [][2]int {
	out := [][2]int{}
	for _, r := range list {
		out = append(out, [2]int{r.Start.Line, r.End.Line})
	}
	return out
}

func lint(q *query) (out answer) {
	data, err := os.ReadFile(q.Path)
	if err != nil {
		return answer{Error: err.Error()}
	}
	options := map[string]string{}
	if q.Check != "" {
		options["build-arg:BUILDKIT_DOCKERFILE_CHECK"] = q.Check
	}
	if q.Platform != "" {
		options["platform"] = q.Platform
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	bc, err := dockerui.NewClient(&gateway{options: options, file: data, ignore: q.Ignore})
	if err != nil {
		return answer{Error: err.Error()}
	}
	source, err := bc.ReadEntrypoint(ctx, "Dockerfile")
	if err != nil {
		return answer{Error: err.Error()}
	}
	opt := dockerfile2llb.ConvertOpt{Config: bc.Config, Client: bc, SourceMap: source.SourceMap, MetaResolver: emptyImages{}}
	result, err := dockerfile2llb.DockerfileLint(ctx, source.Data, opt)
	if err != nil {
		return answer{Error: err.Error()}
	}
	for _, w := range result.Warnings {
		one := warning{Rule: w.RuleName, Message: w.Detail}
		for _, r := range w.Location.Ranges {
			one.Ranges = append(one.Ranges, [2]int{int(r.Start.Line), int(r.End.Line)})
		}
		out.Warnings = append(out.Warnings, one)
	}
	if result.Error != nil {
		out.Error = result.Error.Message
		for _, r := range result.Error.Location.Ranges {
			out.Ranges = append(out.Ranges, [2]int{int(r.Start.Line), int(r.End.Line)})
		}
	}
	return out
}

func nodeOf(n *parser.Node) *node {
	out := &node{Name: n.Value, Original: n.Original, Flags: n.Flags, JSON: n.Attributes["json"], Start: n.StartLine, End: n.EndLine, Args: []string{}}
	for arg := n.Next; arg != nil; arg = arg.Next {
		if len(arg.Children) == 1 {
			out.Sub = nodeOf(arg.Children[0])
			continue
		}
		out.Args = append(out.Args, arg.Value)
	}
	for _, h := range n.Heredocs {
		out.Heredocs = append(out.Heredocs, heredoc{h.Name, h.Expand, h.Chomp, h.FileDescriptor, h.Content})
	}
	return out
}

func parse(q *query) (out answer) {
	data, err := os.ReadFile(q.Path)
	if err != nil {
		return answer{Error: err.Error()}
	}
	tree, err := parser.Parse(bytes.NewReader(data))
	if err != nil {
		out.Error = err.Error()
		var place *parser.LocationError
		if errors.As(err, &place) {
			for _, list := range place.Locations {
				out.Ranges = append(out.Ranges, ranges(list)...)
			}
		}
		return out
	}
	for _, child := range tree.AST.Children {
		one := nodeOf(child)
		if _, err := instructions.ParseInstructionWithLinter(child, linter.New(&linter.Config{})); err != nil {
			one.Error = err.Error()
		}
		out.Nodes = append(out.Nodes, one)
	}
	return out
}

func expand(q *query) answer {
	escape := '\\'
	if q.Escape != "" {
		escape = []rune(q.Escape)[0]
	}
	lex := shell.NewLex(escape)
	if q.Words {
		list, err := lex.ProcessWords(q.Word, shell.EnvsFromSlice(q.Env))
		if err != nil {
			return answer{Error: err.Error()}
		}
		return answer{List: list}
	}
	word, _, err := lex.ProcessWord(q.Word, shell.EnvsFromSlice(q.Env))
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Result: &word}
}

func ignore(q *query) answer {
	patterns, err := ignorefile.ReadAll(strings.NewReader(q.Text))
	if err != nil {
		return answer{Error: err.Error()}
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return answer{Error: err.Error()}
	}
	var bits strings.Builder
	for _, path := range q.Paths {
		var ignored bool
		var info patternmatcher.MatchInfo
		for at := 0; at <= len(path) && err == nil; at++ { // folder by folder, as the context is walked
			if at == len(path) || path[at] == '/' {
				ignored, info, err = matcher.MatchesUsingParentResults(path[:at], info)
			}
		}
		switch {
		case err != nil:
			return answer{Error: err.Error()}
		case ignored:
			bits.WriteByte('1')
		default:
			bits.WriteByte('0')
		}
	}
	return answer{Bits: bits.String()}
}

func run(line []byte) (out answer) {
	defer func() {
		if trouble := recover(); trouble != nil {
			out = answer{Error: fmt.Sprint("panic: ", trouble)}
		}
	}()
	var q query
	if err := json.Unmarshal(line, &q); err != nil {
		return answer{Error: "query: " + err.Error()}
	}
	switch q.Do {
	case "lint":
		return lint(&q)
	case "parse":
		return parse(&q)
	case "expand":
		return expand(&q)
	case "ignore":
		return ignore(&q)
	}
	return answer{Error: "query: unknown do"}
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := encoder.Encode(run(line)); err != nil {
				os.Exit(1)
			}
		}
		if err != nil {
			break
		}
	}
	if err := out.Flush(); err != nil {
		os.Exit(1)
	}
}
