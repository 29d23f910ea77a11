//! What is measured, as the arguments ask for it.

use std::error::Error;

pub struct Choice {
    /// `dev` or `release`.
    pub profile: String,
    /// `build` or `check`.
    pub command: String,
    pub runs: usize,
    /// Whether the compiler's instructions are counted, too.
    pub instructions: bool,
    rpcs: Vec<usize>,
    interceptors: Vec<usize>,
    entries: Vec<Entries>,
    forms: Vec<Form>,
    kinds: Vec<Kind>,
}

/// What the RPCs of a service are.
#[derive(Clone, Copy)]
pub enum Kind {
    Unary,
    /// Many messages each way.
    Streaming,
}

/// What the interceptors are.
#[derive(Clone, Copy, PartialEq)]
pub enum Entries {
    Fns,
    /// In the attribute a new struct for each call, and a field, in turn.
    Structs,
    /// All kinds of entries in turn.
    Mixed,
    /// The ready-made `Trace`, `Metrics`, `AccessLog` and `Rpcz`, in turn.
    Ready,
}

/// Where the interceptors are given.
#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    /// In `#[intercepted(…)]` on the impl.
    Attribute,
    /// In a tuple, where the server is created.
    Creation,
    /// There, too, in an `interceptors::List`.
    List,
}

/// What goes around a service.
#[derive(Clone, Copy, PartialEq)]
pub enum Subject {
    /// `#[async_trait]` only.
    Nothing,
    EmptyList(Form),
    Interceptors(Form, Entries, usize),
    /// As many fns around each RPC by hand, each of which gets a boxed fn as its `next`.
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
                _ => return Err(format!("what is `{argument}`?").into()),
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

/// What is chosen by its name.
pub trait Named: Copy + 'static {
    const ALL: &'static [Self];
    const EXPECTED: &'static str;

    fn name(self) -> &'static str;
}

impl Subject {
    /// `None` where there are no interceptors, nor a list for them.
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
