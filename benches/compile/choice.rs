//! What to measure, according to the arguments.

use std::error::Error;

pub struct Choice {
    /// `dev` or `release`.
    pub profile: String,
    /// `build` or `check`.
    pub command: String,
    pub runs: usize,
    /// Whether the compiler's instructions are counted as well.
    pub instructions: bool,
    rpcs: Vec<usize>,
    interceptors: Vec<usize>,
    entries: Vec<Entries>,
    forms: Vec<Form>,
    kinds: Vec<Kind>,
}

/// The kind of a service's RPCs.
#[derive(Clone, Copy)]
pub enum Kind {
    Unary,
    /// Many messages in each direction.
    Streaming,
}

/// The kind of the interceptors.
#[derive(Clone, Copy, PartialEq)]
pub enum Entries {
    Fns,
    /// In the attribute: a new struct for each call and a field, alternating.
    Structs,
    /// All kinds of entries, alternating.
    Mixed,
    /// The ready-made `Trace`, `Metrics`, `AccessLog` and `Rpcz`, alternating.
    Ready,
}

/// How the interceptors are attached.
#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    /// In `#[intercepted(…)]` on the impl.
    Attribute,
    /// In a tuple that is passed to `with_interceptors`.
    Creation,
    /// In an `interceptors::List` that is passed to `with_interceptors`.
    List,
}

/// The code around a service.
#[derive(Clone, Copy, PartialEq)]
pub enum Subject {
    /// Only `#[async_trait]`.
    Nothing,
    EmptyList(Form),
    Interceptors(Form, Entries, usize),
    /// This many hand-written fns around each RPC, each of which takes a boxed fn as its `next`.
    Boxed(usize),
    Layers(usize),
}

impl Choice {
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut choice = Choice {
            profile: "dev".to_owned(),
            command: "build".to_owned(),
            runs: 5,
            instructions: false,
            rpcs: vec![20],
            interceptors: vec![0, 4, 8, 16],
            entries: vec![Entries::Fns],
            forms: vec![Form::Attribute],
            kinds: vec![Kind::Unary],
        };
        for argument in arguments {
            match argument.split_once('=') {
                Some(("profile", profile)) => choice.profile = profile.to_owned(),
                Some(("command", command)) => choice.command = command.to_owned(),
                Some(("runs", runs)) => choice.runs = runs.parse()?,
                Some(("instructions", "counted")) => choice.instructions = true,
                Some(("rpcs", rpcs)) => choice.rpcs = numbers(rpcs)?,
                Some(("interceptors", counts)) => choice.interceptors = numbers(counts)?,
                Some(("entries", entries)) => choice.entries = named(entries)?,
                Some(("forms", forms)) => choice.forms = named(forms)?,
                Some(("kinds", kinds)) => choice.kinds = named(kinds)?,
                _ => return Err(format!("unknown argument `{argument}`").into()),
            }
        }
        Ok(choice)
    }

    pub fn services(&self) -> impl Iterator<Item = (usize, Kind)> {
        self.kinds.iter().flat_map(|&kind| self.rpcs.iter().map(move |&rpcs| (rpcs, kind)))
    }

    /// The service alone comes first.
    pub fn subjects(&self) -> Vec<Subject> {
        let mut subjects = vec![Subject::Nothing];
        let counts = || self.interceptors.iter().copied();
        let some = || counts().filter(|count| *count > 0);
        subjects.extend(some().map(Subject::Layers));
        subjects.extend(some().map(Subject::Boxed));
        for &form in &self.forms {
            // An empty list is the same for all kinds of entries.
            subjects.extend(counts().find(|count| *count == 0).map(|_| Subject::EmptyList(form)));
            for &entries in &self.entries {
                subjects.extend(some().map(|count| Subject::Interceptors(form, entries, count)));
            }
        }
        subjects
    }
}

fn numbers(list: &str) -> Result<Vec<usize>, Box<dyn Error>> {
    list.split(',').map(|number| Ok(number.parse()?)).collect()
}

fn named<T: Named>(list: &str) -> Result<Vec<T>, Box<dyn Error>> {
    let find = |name| T::ALL.iter().find(|each| each.name() == name).copied();
    list.split(',')
        .map(|name| find(name).ok_or_else(|| format!("{}, not {name}", T::EXPECTED).into()))
        .collect()
}

/// A choice that is selected by name.
pub trait Named: Copy + 'static {
    const ALL: &'static [Self];
    const EXPECTED: &'static str;

    fn name(self) -> &'static str;
}

impl Subject {
    /// Returns `None` if there are no interceptors and no list of them.
    pub fn form(self) -> Option<Form> {
        match self {
            Subject::EmptyList(form) | Subject::Interceptors(form, ..) => Some(form),
            Subject::Nothing | Subject::Boxed(_) | Subject::Layers(_) => None,
        }
    }
}

impl Named for Kind {
    const ALL: &'static [Self] = &[Kind::Unary, Kind::Streaming];
    const EXPECTED: &'static str = "RPCs are unary or streaming";

    fn name(self) -> &'static str {
        match self {
            Kind::Unary => "unary",
            Kind::Streaming => "streaming",
        }
    }
}

impl Named for Entries {
    const ALL: &'static [Self] = &[Entries::Fns, Entries::Structs, Entries::Mixed, Entries::Ready];
    const EXPECTED: &'static str = "entries are fns, structs, mixed or ready";

    fn name(self) -> &'static str {
        match self {
            Entries::Fns => "fns",
            Entries::Structs => "structs",
            Entries::Mixed => "mixed",
            Entries::Ready => "ready",
        }
    }
}

impl Named for Form {
    const ALL: &'static [Self] = &[Form::Attribute, Form::Creation, Form::List];
    const EXPECTED: &'static str = "forms are attribute, creation or list";

    fn name(self) -> &'static str {
        match self {
            Form::Attribute => "attribute",
            Form::Creation => "creation",
            Form::List => "list",
        }
    }
}
