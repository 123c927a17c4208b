use memory_probe::{ProcessError, ProcessMemory};

/// As Linux 6.1 wrote it of a shell.
const REAL: &str = "\
55d0d6379000-7fff5803f000 ---p 00000000 00:00 0                          [rollup]
Rss:                1728 kB
Pss:                 320 kB
Pss_Dirty:           112 kB
Pss_Anon:            112 kB
Pss_File:            208 kB
Pss_Shmem:             0 kB
Shared_Clean:       1576 kB
Shared_Dirty:          0 kB
Private_Clean:        40 kB
Private_Dirty:       112 kB
Referenced:         1728 kB
Anonymous:           112 kB
LazyFree:              0 kB
AnonHugePages:         0 kB
ShmemPmdMapped:        0 kB
FilePmdMapped:         0 kB
Shared_Hugetlb:        0 kB
Private_Hugetlb:       0 kB
Swap:                  4 kB
SwapPss:               2 kB
Locked:                0 kB
";

#[test]
fn a_rollup_is_read() {
    let memory: ProcessMemory = REAL.parse().unwrap();
    let expected = ProcessMemory {
        rss_bytes: 1_769_472,
        pss_bytes: 327_680,
        uss_bytes: 155_648,
        swap_bytes: 4_096,
    };
    assert_eq!(memory, expected);
}

#[test]
fn a_rollup_without_a_line_is_refused_by_its_name() {
    for name in ["Rss", "Pss", "Private_Clean", "Private_Dirty", "Swap"] {
        let line = |line: &&str| !line.starts_with(&format!("{name}:"));
        let without: String = REAL.split_inclusive('\n').filter(line).collect();
        let refused = without.parse::<ProcessMemory>().unwrap_err();
        assert!(matches!(refused, ProcessError::Missing(found) if found == name), "{refused}");
    }
}

#[test]
fn a_text_of_another_kind_is_refused() {
    let two = format!("{REAL}{REAL}");
    let number = REAL.replace("320 kB", "three kB");
    for (text, told) in [
        ("", "cut off"),
        ("Rss: 12 kB\n", ""),
        ("no memory here\n", ""),
        (&two, "2 maps instead of one"),
        (&number, "not actually a number"),
    ] {
        let refused = text.parse::<ProcessMemory>().unwrap_err();
        assert!(matches!(refused, ProcessError::Malformed(_)), "{text}: {refused}");
        assert!(refused.to_string().contains(told), "{text}: {refused}");
    }
}

/// Even a cut within a number, which would leave another number, or behind all that is needed.
#[test]
fn a_text_that_was_cut_off_never_has_other_figures() {
    for end in 0..REAL.len() {
        if let Ok(memory) = REAL[..end].parse::<ProcessMemory>() {
            assert_eq!(memory, REAL.parse().unwrap(), "{end}");
        }
    }
}

/// The system's own answers, of memory that was really touched.
#[cfg(target_os = "linux")]
#[test]
fn pages_that_a_process_touches_are_its_own() {
    const BYTES: usize = 64 << 20;
    let before = ProcessMemory::own().unwrap();
    let pages = std::hint::black_box(vec![1_u8; BYTES]);
    let after = ProcessMemory::own().unwrap();
    assert!(after.uss_bytes >= before.uss_bytes + BYTES as u64 / 2, "{before:?} {after:?}");
    assert!(after.uss_bytes <= after.pss_bytes, "{after:?}");
    assert!(after.pss_bytes <= after.rss_bytes, "{after:?}");
    drop(pages);
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_is_not_there_is_named() {
    let refused = ProcessMemory::of(u32::MAX).unwrap_err();
    assert!(matches!(refused, ProcessError::Read { .. }), "{refused}");
    assert!(refused.to_string().contains("/proc/4294967295/smaps_rollup"), "{refused}");
}

#[cfg(not(target_os = "linux"))]
#[test]
fn another_system_is_told_what_is_missing() {
    let refused = ProcessMemory::own().unwrap_err();
    assert!(matches!(refused, ProcessError::Unsupported { .. }), "{refused}");
}
