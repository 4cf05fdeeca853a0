package request

import (
	"fmt"
	"slices"
	"strings"

	"stylebook/data"
	sl "stylebook/stylelib"
	"stylebook/stylelib/feedforward"
	"stylebook/stylelib/film"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"
)

// Group is whom an option is for.
type Group string

const (
	Picture  Group = "For a picture"
	Research Group = "For research"
	Machine  Group = "For the machine"
	Training Group = "To train a network"
)

// Option is a row of the table: all that there is to know of an option.
type Option struct {
	Name    string
	Group   Group  // by which part of the table it is in
	Help    string // what its value is stands between backquotes
	Files   Files
	Repeats bool   // it may be given several times
	Hidden  bool   // it is read, and not listed
	OfCall  bool   // of the process that computes, not of the run: it can go on with another
	OfNet   bool   // of a network that paints in one pass, not of a picture's training
	Page    *Field // what the page has of it; nil: nothing

	// neutral is the value under which everything is as it was before there was the option, "" for the zero value. An option with
	// its neutral value is no part of what makes a run the same, so that a new option leaves old runs what they are. A default that
	// changes does not change this.
	neutral string

	word func(text string) bool                // values that name no file, of an option that has both
	keep func(s *Settings) value               // where it is kept
	list func(own []transfer.Extension) string // names that stand for %s in the help; nil: there are none
}

// OfRun says whether the option belongs to a picture's run itself, so that a sweep can set it, and a run that is painted again has it too.
func (o Option) OfRun() bool { return !o.OfCall && !o.OfNet && o.Files != Place }

// GoesOn says whether any run can go on with another value of the option.
func (o Option) GoesOn() bool { return o.OfCall && o.Name != "backend" }

// Table returns all options, in the order of help and page.
func Table() []Option { return slices.Clone(table) }

var table = parts()

func parts() (all []Option) {
	for _, part := range []struct {
		group   Group
		options []Option
	}{{Picture, pictureOptions()}, {Research, researchOptions()}, {Machine, machineOptions()}, {Training, trainingOptions()}} {
		for _, o := range part.options {
			o.Group = part.group
			all = append(all, o)
		}
	}
	return all
}

func pictureOptions() []Option {
	return []Option{
		{Name: "content", Files: File, keep: func(s *Settings) value { return word[string]{&s.Content} },
			Help: "content `picture`: what the result shows (required); a file, or an address, https://…, from which it is downloaded once; several, comma separated, or a folder of them are painted one after the other, and -out is a folder then"},
		{Name: "style", Files: Several, keep: func(s *Settings) value { return files{&s.Styles} },
			Help: "style `picture`: how it is painted (required); a file or an address too; several, comma separated, are blended; a name or an address with a comma stands in double quotes"},
		{Name: "out", Files: Place, keep: func(s *Settings) value { return word[string]{&s.Out} },
			Help: "`file` to write the result to (required)"},
		{Name: "network", Files: File, OfNet: true, word: isNetwork, keep: func(s *Settings) value { return word[string]{&s.Network} },
			Help: "`" + strings.Join(data.Networks(), "|") + "|FILE`: a network that paints in one pass, instead of -style and a training: stylize train-network makes them; -content may be a film then"},
		{Name: "preset", keep: func(s *Settings) value { return word[string]{&s.Choice.Preset} },
			Help: "whose rules and defaults hold: `" + strings.Join(transfer.Presets(), "|") + "`; nnst, for any two pictures, paints each place like the painting's nearest one; painting compares colours and textures, and is softer; the others are the chapter's",
			Page: &Field{Label: Text{"Preset", "预设"}, Choices: presetChoices(),
				Hint: Text{"By whose rules it is painted.", "按照谁的规则绘制。"}}},
		{Name: "strength", keep: func(s *Settings) value { return decimal{&s.Strength} },
			Help: fmt.Sprintf("`how much` style, from 0 to %d: the style weight is multiplied by its square; with nnst the learning rate by it, beyond 1 by 1 + its logarithm", transfer.MaxStrength),
			Page: &Field{Label: Text{"Style", "风格强度"}, Max: transfer.MaxStrength, Step: 0.1, Log: true,
				Hint: Text{"The left end leaves the photograph, 1 is the middle; further right the painting takes over.", "最左端保留照片，中间是 1；越往右，画作越占上风。"}}},
		{Name: "size", keep: func(s *Settings) value { return whole[int]{&s.LongerSide} },
			Help: "longer side of the result in `pixels`; the other follows the content picture's shape (default: the area of 300 × 450)",
			Page: &Field{Label: Text{"Longer side, pixels", "长边像素"}, Min: 64, Max: 1600, Step: 2, Initial: "450",
				Hint: Text{"Twice as long takes four times the time and memory.", "边长加倍，时间和内存变为四倍。"}}},
		{Name: "height", keep: func(s *Settings) value { return whole[int]{&s.Height} },
			Help: "height of the result in `pixels`; without -width that follows"},
		{Name: "width", keep: func(s *Settings) value { return whole[int]{&s.Width} },
			Help: "width of the result in `pixels`; without -height that follows"},
		{Name: "minutes", keep: func(s *Settings) value { return minutes{&s.Limit} },
			Help: "`minutes` that the training may take, by what is known of this engine: the result becomes as small, and then the epochs as few, as they must; -size is the most"},
		{Name: "epochs", keep: func(s *Settings) value { return whole[int]{&s.Options.Epochs} },
			Help: "number of training `epochs`",
			Page: &Field{Label: Text{"Epochs", "迭代次数"}, Min: 5, Max: 1000, Step: 5,
				Hint: Text{"Steps of the training: more is slower, and changes less and less.", "训练的步数：越多越慢，变化也越来越小。"}}},
		{Name: "keep-colours", neutral: string(transfer.ColoursOfStyle), keep: keepColours,
			Help: "whose colours the result has: `luminance|histogram|painting`: the content picture's, as of the style only the luminance is taken, or as the style's colours are matched to them first; or exactly the style picture's, to which the result's are matched at last",
			Page: &Field{Label: Text{"Colours", "颜色"}, Choices: []Choice{{"", Text{"the painting's", "画作的颜色"}},
				{string(transfer.ColoursLuminance), Text{"the photograph's: paint only light and dark", "照片的颜色：只画明暗"}},
				{string(transfer.ColoursMeanCovariance), Text{"the painting's, matched to the photograph's", "先把画作的颜色调成照片的"}},
				{string(transfer.ColoursMatched), Text{"the painting's, exactly", "与画作的颜色完全一致"}}},
				Hint: Text{"Whose colours the result has.", "结果采用谁的颜色。"}}},
		{Name: "content-mask", Files: File, keep: func(s *Settings) value { return word[string]{&s.ContentMask} },
			Help: "`picture` that divides the result into regions, each in a flat colour"},
		{Name: "style-mask", Files: Several, keep: func(s *Settings) value { return files{&s.StyleMasks} },
			Help: "`picture` with the same colours for each style picture, comma separated: where a region's style is from"},
		{Name: "colours-mask", Files: File, keep: func(s *Settings) value { return word[string]{&s.ColoursMask} },
			Help: "`picture` that says where -keep-colours luminance holds: white keeps the colours, black doesn't, gray mixes"},
		{Name: "bits", keep: func(s *Settings) value { return whole[int]{&s.Bits} },
			Help: "`8|16` bits for each channel of the result; 16 in PNG and TIFF"},
		{Name: "save-every", keep: func(s *Settings) value { return whole[int]{&s.SaveEvery} },
			Help: "write the picture so far after every so many `epochs`, beside the result; 0: never"},
		{Name: "animation", Files: Place, keep: func(s *Settings) value { return word[string]{&s.Animation} },
			Help: fmt.Sprintf("`file` to write a film of the training to, of at most %d pictures between the first and the last: .gif (of at most 480 pixels in height and width), or .mp4 or .webp where ffmpeg is installed", film.Frames)},
		{Name: "log", Files: Place, keep: func(s *Settings) value { return word[string]{&s.Log} },
			Help: "`file` to write one JSON object per epoch to; an older log is replaced, nothing else"},
	}
}

func researchOptions() []Option {
	return []Option{
		{Name: "optimizer", neutral: transfer.Adam, list: methods, keep: func(s *Settings) value { return word[string]{&s.Choice.Optimizer} },
			Help: "`%s`; fast, which goes with painting, has fewer epochs, and steps of our own instead of the chapter's; the learning rate of lbfgs stays"},
		{Name: "fast", Hidden: true, keep: func(s *Settings) value { return truth{&s.Fast} }, Help: "short for -optimizer fast"},
		{Name: "lr", keep: func(s *Settings) value { return decimal{&s.Options.LearningRate} }, Help: "learning `rate`; with nnst that of 200 epochs, and larger in proportion with fewer, up to five times"},
		{Name: "history", neutral: "20", keep: func(s *Settings) value { return whole[int]{&s.Options.History} },
			Help: "`steps` that lbfgs remembers"},
		{Name: "style-layers", keep: styleLayers,
			Help: "style `layers`; with several style pictures, lists separated by semicolons give each its own: conv1_1,conv2_1;conv4_1,conv5_1",
			Page: &Field{Label: Text{"Style at", "风格取自"}, Many: true, Choices: layerChoices(), More: true,
				Hint: Text{"Layers in which the style is compared: the first see colours and grain, the last see forms.", "比较风格的层：浅层看颜色与质感，深层看形状。"}}},
		{Name: "content-layers", keep: contentLayers, Help: "content `layers`",
			Page: &Field{Label: Text{"Content at", "内容取自"}, Choices: plain("conv2_last", "conv3_last", "conv4_last"), More: true,
				Hint: Text{"The deeper the layer, the freer the painting is with the photograph's details.", "层越深，照片的细节就越自由。"}}},
		{Name: "content-weight", keep: func(s *Settings) value { return decimal{&s.Options.ContentWeight} },
			Help: "`weight` of the content loss, 0 for none",
			Page: &Field{Label: Text{"Content weight", "内容权重"}, Max: 10, Step: 0.1, More: true,
				Hint: Text{"How firmly the subject is held.", "多大程度上保持主体。"}}},
		{Name: "style-weight", keep: func(s *Settings) value { return decimal{&s.Options.StyleWeight} },
			Help: "`weight` of the style loss, 0 for none; it counts ten times, as in the chapter"},
		{Name: "tv-weight", keep: func(s *Settings) value { return decimal{&s.Options.TVWeight} },
			Help: "`weight` of the total variation loss, 0 for none",
			Page: &Field{Label: Text{"Smoothness", "平滑"}, Max: 100, Step: 1, More: true,
				Hint: Text{"Weight of the total variation: more takes speckle away, and detail.", "总变差的权重：越大噪点越少，细节也越少。"}}},
		{Name: "content-loss", neutral: "content", list: termsOf(transfer.ContentImage), keep: func(s *Settings) value { return word[string]{&s.Choice.ContentLoss} },
			Help: "what is compared of the content: `%s`; each has a weight and layers of its own"},
		{Name: "style-loss", neutral: "gram", list: termsOf(transfer.StyleImages), keep: func(s *Settings) value { return word[string]{&s.Choice.StyleLoss} },
			Help: "what is compared of the style: `%s`; each has a weight of its own"},
		{Name: "term", Repeats: true, list: describeTerms, keep: func(s *Settings) value { return texts{&s.Terms} },
			Help: "a further term of the loss, as often as one likes: `NAME[:WEIGHT[@LAYERS]]`, such as moments:2@conv1_1,conv2_1: %s"},
		{Name: "normalize-layers", keep: func(s *Settings) value { return truth{&s.Choice.NormalizeLayers} },
			Help: fmt.Sprintf("make the loss of each layer relative, so that any layers may be chosen; the chapter's style weight is then %g", transfer.NormalizedStyleWeight)},
		{Name: "renew", neutral: "1", keep: func(s *Settings) value { return whole[int]{&s.Options.Renew} },
			Help: "`epochs` for which wasserstein's transport of the style serves until it is found anew; 1: the loss of each epoch is exact, and takes up to twice as long"},
		{Name: "samples", neutral: "1024", keep: func(s *Settings) value { return whole[int]{&s.Options.Samples} },
			Help: "`positions` that remd and selfsim take of each picture, anew for each epoch"},
		{Name: "blend", keep: func(s *Settings) value { return numbers{&s.Options.Blend} },
			Help: "`weights` of several style pictures, comma separated (default: all the same)",
			Page: &Field{Label: Text{"Shares of the paintings", "各画作的份额"}, Shares: true, Hint: Text{"How much of each painting's style.", "每幅画作的风格占多少。"}}},
		{Name: "style-scale", neutral: "1", keep: styleScale,
			Help: "size of the style pictures as a `multiple` of the result's; several, comma separated, give each picture its own",
			Page: &Field{Label: Text{"Size of the strokes", "笔触大小"}, Min: 0.25, Max: 4, Step: 0.05, More: true,
				Hint: Text{"Size of the painting as a multiple of the result's: larger makes broader strokes.", "画作相对结果的大小：越大笔触越宽。"}}},
		{Name: "init", Files: File, word: isInit, neutral: string(transfer.InitContent), keep: initial,
			Help: "what the training starts from: `content|style|noise|gray|style-statistics|PICTURE`; style-statistics: noise in the style pictures' colours",
			Page: &Field{Label: Text{"Start from", "起点"}, More: true, Choices: []Choice{{string(transfer.InitContent), Text{"the photograph", "照片"}},
				{string(transfer.InitStyle), Text{"the painting", "画作"}}, {string(transfer.InitNoise), Text{"noise", "噪声"}},
				{string(transfer.InitGray), Text{"gray", "灰色"}}, {string(transfer.InitStatistics), Text{"noise in the painting's colours", "画作颜色的噪声"}}},
				Hint: Text{"What the picture is at first.", "图片最初的样子。"}}},
		{Name: "seed", keep: func(s *Settings) value { return whole[int64]{&s.Options.Seed} },
			Help: "`seed` of random weights, of the noise that a training starts from and of sampled positions"},
		{Name: "content-share", neutral: "0", keep: func(s *Settings) value { return decimal{&s.Options.ContentShare} },
			Help: "`share` of the photograph in what neighbours are sought for, from 0 to 1; the rest is the picture so far"},
		{Name: "rotations", neutral: "1", keep: func(s *Settings) value { return whole[int]{&s.Options.Rotations} },
			Help: "quarter `turns` of the style pictures in which neighbours are sought, from 1, as they stand, to 4"},
		{Name: "coarsest", neutral: "0", keep: func(s *Settings) value { return whole[int]{&s.Options.Coarsest} },
			Help: "coarse to fine from this longer side in `pixels`, each scale twice as high and wide as the one before; 0: as -scales says"},
		{Name: "finer-epochs", neutral: "1", keep: func(s *Settings) value { return decimal{&s.Options.FinerEpochs} },
			Help: "with -coarsest, epochs of a scale as a `multiple` of those of the one before"},
		{Name: "scales", neutral: "1", keep: func(s *Settings) value { return whole[int]{&s.Options.Scales} },
			Help: "coarse to fine in so many `steps`, each √2 times as high and wide as the one before; the epochs are shared out"},
		{Name: "weights", Files: File, word: isWeights, keep: func(s *Settings) value { return word[string]{&s.Weights.Spec} },
			Help: "weights of the network: `auto|vgg19|vgg16|offline|random|FILE` (safetensors or PyTorch's .pth)",
			Page: &Field{Label: Text{"Network", "网络"}, Choices: plain(weights.Auto, weights.VGG19, weights.VGG16, weights.Offline, weights.RandomNet), More: true,
				Hint: Text{"auto takes the best that is here, and may download VGG-19 once; offline comes along.", "auto 采用本机最好的，可能下载一次 VGG-19；offline 随程序附带。"}}},
		{Name: "pooling", neutral: string(transfer.PoolingOfWeights), keep: func(s *Settings) value { return word[sl.Pooling]{&s.Options.Pooling} },
			Help: "how the network halves its maps: `weights|max|average`; weights: as their file says"},
	}
}

func machineOptions() []Option {
	return []Option{
		{Name: "backend", OfCall: true, keep: func(s *Settings) value { return word[string]{&s.Backend} },
			Help: "`engine`: xla:cpu, xla:cuda or go (default: GOMLX_BACKEND, else the fastest present)"},
		{Name: "memory", OfCall: true, keep: memory, Help: "memory that the run may take, such as `4GB` (default: what is free)"},
		{Name: "tile", keep: func(s *Settings) value { return whole[int]{&s.Options.Tile} },
			Help: "compute in pieces of so many `pixels` in height and width, for pictures that don't fit into memory (0: whole; -1: where the longer side is above 640)"},
		{Name: "runs", OfCall: true, Files: Place, keep: func(s *Settings) value { return word[string]{&s.Runs} },
			Help: "`folder` that keeps the runs, or off (default: STYLEBOOK_RUNS, else ~/.local/share/stylebook/runs)"},
		{Name: "checkpoint-every", OfCall: true, keep: func(s *Settings) value { return whole[int]{&s.CheckpointEvery} },
			Help: "save a checkpoint after every so many `epochs`; 0: when it is stopped only"},
		{Name: "quiet", OfCall: true, keep: func(s *Settings) value { return truth{&s.Quiet} }, Help: "print errors only"},
	}
}

// trainingOptions are of stylize train-network alone, which has some of the others too.
func trainingOptions() []Option {
	return []Option{
		{Name: "photographs", Files: Several, OfNet: true, keep: func(s *Settings) value { return files{&s.Photographs} },
			Help: "`picture` or folder of pictures to train on; several, comma separated (default: eleven that come with the program)"},
		{Name: "from", Files: File, OfNet: true, word: isNetwork, keep: func(s *Settings) value { return word[string]{&s.From} },
			Help: "`" + strings.Join(data.Networks(), "|") + "|FILE`: a network to begin with, whatever it paints like, which takes fewer steps (default: random numbers)"},
		{Name: "steps", OfNet: true, keep: func(s *Settings) value { return whole[int]{&s.Steps} },
			Help: fmt.Sprintf("number of training `steps` (default %d, or as many as take -minutes)", feedforward.Default().Steps)},
	}
}

// ofNetworks are the options of stylize train-network, with the help that they have there where it is another.
var ofNetworks = []struct{ name, help string }{
	{"style", "`picture`: how the network will paint (required); a file or an address, https://…"},
	{"out", "`file` to write the network to, a .safetensors (required)"},
	{"photographs", ""}, {"from", ""},
	{"content", "`picture` that is painted to show how far the network is; it isn't trained on (default: the first of the photographs)"},
	{"minutes", "`minutes` that the training may take: some steps tell how many there can be"},
	{"steps", ""},
	{"strength", "`how much` style, from 0 to 10: the style weight is multiplied by its square"},
	{"style-scale", "size of the painting as a `multiple` of 512 pixels on its longer side: larger makes broader strokes"},
	{"seed", "`seed` of the first weights, and of which pieces of photographs are taken"},
	{"weights", "weights of VGG, which judges the pictures: `auto|vgg19|vgg16|offline|FILE`"},
	{"log", "`file` to write one JSON object per step to; an older log is replaced, nothing else"},
	{"backend", ""}, {"runs", ""},
	{"checkpoint-every", "save a checkpoint after every so many `steps`; 0: when it is stopped only"},
	{"quiet", ""},
}
